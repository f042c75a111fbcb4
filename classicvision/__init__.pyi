# For type checkers and editors, which do not see that __init__.py loads names at first use.

from classicvision import evaluation as evaluation
from classicvision.boxes import group_boxes as group_boxes
from classicvision.boxes import iou as iou
from classicvision.boxes import nms as nms
from classicvision.color.chromaticity import chromaticity as chromaticity
from classicvision.color.comparison import compare_histograms as compare_histograms
from classicvision.color.comparison import metric_is_similarity as metric_is_similarity
from classicvision.color.histogram import color_histogram as color_histogram
from classicvision.color.identification import ColorIdentifier as ColorIdentifier
from classicvision.color.localization import back_project as back_project
from classicvision.color.localization import locate_color as locate_color
from classicvision.color.localization import mean_shift as mean_shift
from classicvision.color.matching import match_histograms as match_histograms
from classicvision.detection.annotated_samples import read_annotations as read_annotations
from classicvision.detection.calibration import calibrate_detector as calibrate_detector
from classicvision.detection.cascade import CascadeDetector as CascadeDetector
from classicvision.detection.cascade_training import CascadeTrainer as CascadeTrainer
from classicvision.detection.samples import Negatives as Negatives
from classicvision.detection.samples import augment_samples as augment_samples
from classicvision.detection.samples import read_positives as read_positives
from classicvision.drawing import draw as draw
from classicvision.drawing import draw_matches as draw_matches
from classicvision.edges.canny import canny as canny
from classicvision.edges.tracing import trace_edges as trace_edges
from classicvision.edges.zero_crossings import zero_crossings as zero_crossings
from classicvision.evaluation.detection import evaluate_detector as evaluate_detector
from classicvision.features.dense import dense_descriptors as dense_descriptors
from classicvision.features.descriptors import extract_descriptors as extract_descriptors
from classicvision.features.haar import haar_features as haar_features
from classicvision.features.harris import harris as harris
from classicvision.features.keypoints import detect_keypoints as detect_keypoints
from classicvision.features.lbp import lbp_features as lbp_features
from classicvision.features.matching import match_descriptors as match_descriptors
from classicvision.features.pictures import draw_features as draw_features
from classicvision.features.template import match_template as match_template
from classicvision.features.template_search import find_template as find_template
from classicvision.filters.blending import blend as blend
from classicvision.filters.blending import gaussian_pyramid as gaussian_pyramid
from classicvision.filters.blending import laplacian_pyramid as laplacian_pyramid
from classicvision.filters.blending import reconstruct as reconstruct
from classicvision.filters.box import box_filter as box_filter
from classicvision.filters.convolution import convolve as convolve
from classicvision.filters.convolution import convolve_separable as convolve_separable
from classicvision.filters.convolution import correlate as correlate
from classicvision.filters.derivatives import gradient as gradient
from classicvision.filters.edge_preserving import bilateral as bilateral
from classicvision.filters.integral import box_sum as box_sum
from classicvision.filters.integral import integral_image as integral_image
from classicvision.filters.integral import squared_integral_image as squared_integral_image
from classicvision.filters.integral import tilted_integral_image as tilted_integral_image
from classicvision.filters.laplacian import laplacian as laplacian
from classicvision.filters.laplacian_of_gaussian import (
    difference_of_gaussians as difference_of_gaussians,
)
from classicvision.filters.laplacian_of_gaussian import (
    laplacian_of_gaussian as laplacian_of_gaussian,
)
from classicvision.filters.noise import add_noise as add_noise
from classicvision.filters.non_local_means import non_local_means as non_local_means
from classicvision.filters.orientation import gradient_magnitude as gradient_magnitude
from classicvision.filters.orientation import gradient_orientation as gradient_orientation
from classicvision.filters.pyramid import pyramid_expand as pyramid_expand
from classicvision.filters.pyramid import pyramid_reduce as pyramid_reduce
from classicvision.filters.rank import median as median
from classicvision.filters.sharpening import sharpen as sharpen
from classicvision.filters.smoothing import gaussian as gaussian
from classicvision.hough.circles import hough_circles as hough_circles
from classicvision.hough.ellipses import hough_ellipses as hough_ellipses
from classicvision.hough.finding import find_lines as find_lines
from classicvision.hough.fitting import fit_lines as fit_lines
from classicvision.hough.generalized import GeneralizedHough as GeneralizedHough
from classicvision.hough.lines import hough_lines as hough_lines
from classicvision.hough.segments import hough_segments as hough_segments
from classicvision.hough.slope_intercept import hough_slope_intercept as hough_slope_intercept
from classicvision.hough.suppression import suppress_lines as suppress_lines
from classicvision.images import iter_images as iter_images
from classicvision.images import read_image as read_image
from classicvision.images import sample_image as sample_image
from classicvision.images import write_image as write_image
from classicvision.learning.adaboost import AdaBoostClassifier as AdaBoostClassifier
from classicvision.learning.stump import DecisionStump as DecisionStump
from classicvision.results import Circles as Circles
from classicvision.results import Detections as Detections
from classicvision.results import Ellipses as Ellipses
from classicvision.results import Keypoints as Keypoints
from classicvision.results import Lines as Lines
from classicvision.results import Matches as Matches
from classicvision.results import Ranking as Ranking
from classicvision.results import Segments as Segments
from classicvision.retrieval.bag_of_words import BagOfWords as BagOfWords
from classicvision.retrieval.dense_search import dense_search as dense_search
from classicvision.retrieval.embedding import HammingEmbedding as HammingEmbedding
from classicvision.retrieval.fisher import FisherVector as FisherVector
from classicvision.retrieval.image_index import ImageIndex as ImageIndex
from classicvision.retrieval.inverted_index import InvertedIndex as InvertedIndex
from classicvision.retrieval.query_expansion import WordedKeypoints as WordedKeypoints
from classicvision.retrieval.query_expansion import expand_query as expand_query
from classicvision.retrieval.verification import verify_matches as verify_matches
from classicvision.retrieval.vlad import VLAD as VLAD
from classicvision.retrieval.vocabulary import VisualVocabulary as VisualVocabulary

__version__: str
