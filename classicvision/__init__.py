"""Classical computer vision in pure Python and Numba.

Every public name is available here and is loaded when it is first used, so that
``import classicvision`` costs next to nothing::

    import classicvision as cv

    image = cv.read_image("photo.jpg")
    faces = cv.CascadeDetector.load().detect(image)
"""

import importlib

__version__ = "0.1.0"

# Where each public name lives; a name is imported from there at first use.
_PUBLIC = {
    "images": ["iter_images", "read_image", "sample_image", "write_image"],
    "boxes": ["group_boxes", "iou", "nms"],
    "results": [
        "Circles",
        "Detections",
        "Ellipses",
        "Keypoints",
        "Lines",
        "Matches",
        "Ranking",
        "Segments",
    ],
    "drawing": ["draw", "draw_matches"],
    "filters.box": ["box_filter"],
    "filters.convolution": ["convolve", "convolve_separable", "correlate"],
    "filters.sharpening": ["sharpen"],
    "filters.smoothing": ["gaussian"],
    "filters.derivatives": ["gradient"],
    "filters.orientation": ["gradient_magnitude", "gradient_orientation"],
    "filters.laplacian": ["laplacian"],
    "filters.laplacian_of_gaussian": ["difference_of_gaussians", "laplacian_of_gaussian"],
    "filters.noise": ["add_noise"],
    "filters.rank": ["median"],
    "filters.edge_preserving": ["bilateral"],
    "filters.non_local_means": ["non_local_means"],
    "filters.integral": [
        "box_sum",
        "integral_image",
        "squared_integral_image",
        "tilted_integral_image",
    ],
    "filters.pyramid": ["pyramid_expand", "pyramid_reduce"],
    "filters.blending": ["blend", "gaussian_pyramid", "laplacian_pyramid", "reconstruct"],
    "edges.canny": ["canny"],
    "edges.tracing": ["trace_edges"],
    "edges.zero_crossings": ["zero_crossings"],
    "color.chromaticity": ["chromaticity"],
    "color.comparison": ["compare_histograms", "metric_is_similarity"],
    "color.histogram": ["color_histogram"],
    "color.identification": ["ColorIdentifier"],
    "color.localization": ["back_project", "locate_color", "mean_shift"],
    "color.matching": ["match_histograms"],
    "features.dense": ["dense_descriptors"],
    "features.descriptors": ["extract_descriptors"],
    "features.haar": ["haar_features"],
    "features.harris": ["harris"],
    "features.keypoints": ["detect_keypoints"],
    "features.lbp": ["lbp_features"],
    "features.matching": ["match_descriptors"],
    "features.pictures": ["draw_features"],
    "features.template": ["match_template"],
    "features.template_search": ["find_template"],
    "hough.circles": ["hough_circles"],
    "hough.ellipses": ["hough_ellipses"],
    "hough.finding": ["find_lines"],
    "hough.fitting": ["fit_lines"],
    "hough.generalized": ["GeneralizedHough"],
    "hough.lines": ["hough_lines"],
    "hough.segments": ["hough_segments"],
    "hough.slope_intercept": ["hough_slope_intercept"],
    "hough.suppression": ["suppress_lines"],
    "learning.adaboost": ["AdaBoostClassifier"],
    "learning.stump": ["DecisionStump"],
    "detection.annotated_samples": ["read_annotations"],
    "detection.calibration": ["calibrate_detector"],
    "detection.cascade": ["CascadeDetector"],
    "detection.cascade_training": ["CascadeTrainer"],
    "evaluation.detection": ["evaluate_detector"],
    "retrieval.bag_of_words": ["BagOfWords"],
    "retrieval.fisher": ["FisherVector"],
    "retrieval.vlad": ["VLAD"],
    "retrieval.vocabulary": ["VisualVocabulary"],
    "detection.samples": ["Negatives", "augment_samples", "read_positives"],
    "retrieval.embedding": ["HammingEmbedding"],
    "retrieval.image_index": ["ImageIndex"],
    "retrieval.inverted_index": ["InvertedIndex"],
    "retrieval.verification": ["verify_matches"],
    "retrieval.dense_search": ["dense_search"],
    "retrieval.query_expansion": ["WordedKeypoints", "expand_query"],
}
_MODULES = ["evaluation"]  # whose names are used through them: cv.evaluation.compare_detectors
_HOME = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = sorted([*_HOME, *_MODULES, "__version__"])


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"classicvision.{name}")  # which makes it an attribute
    if name not in _HOME:
        raise AttributeError(f"module 'classicvision' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"classicvision.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return __all__
