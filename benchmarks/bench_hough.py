"""Lines, segments, circles, ellipses and any contour, against OpenCV and scikit-image."""

from collections import Counter

import cv2
import numpy as np
import skimage
from skimage.transform import hough_line, hough_line_peaks, probabilistic_hough_line

from benchmarks import hough_circles, hough_ellipses, hough_generalized
from benchmarks.harness import SEED, Case, timed
from benchmarks.pictures import building, camera, size_of

_DEGREE = np.pi / 180
_SEGMENTS = {"threshold": 50, "min_length": 40, "max_gap": 5}


def cases(quick):
    yield from _line_cases(quick)
    yield from hough_circles.cases(quick)
    yield from hough_ellipses.cases(quick)
    yield from hough_generalized.cases(quick)


def _line_cases(quick):
    from classicvision import hough_lines, hough_segments

    cv2.setNumThreads(1)
    pictures = [camera()]
    if not quick:
        pictures += [building(640, 480), building(1920, 1080)]
    for image in pictures:
        size, votes = size_of(image), min(image.shape) // 4
        edges = cv2.Canny(image, 100, 200)
        lines = timed(hough_lines, edges, rho=1, theta=_DEGREE, threshold=votes)
        segments = timed(hough_segments, edges, **_SEGMENTS)
        yield Case(
            operator="hough_lines",
            size=size,
            peer_name=f"OpenCV {cv2.__version__}",
            ours=lines,
            peer=timed(cv2.HoughLines, edges, 1, _DEGREE, votes),
            difference=lambda a, b: _apart(np.stack([a.rho, a.theta], axis=1), b),
            unit="lines",
        )
        weights = np.where(edges > 0, image, 0)
        yield Case(
            operator="hough_lines, weights",
            size=size,
            peer_name=f"OpenCV {cv2.__version__}",
            ours=timed(hough_lines, weights, threshold=100 * votes, weights=weights),
            peer=timed(cv2.HoughLines, weights, 1, _DEGREE, 100 * votes, use_edgeval=True),
            difference=lambda a, b: _apart(np.stack([a.rho, a.theta], axis=1), b),
            unit="lines",
        )
        yield Case(
            operator="hough_segments",
            size=size,
            peer_name=f"OpenCV {cv2.__version__}",
            ours=segments,
            peer=timed(cv2.HoughLinesP, edges, 1, _DEGREE, 50, minLineLength=40, maxLineGap=5),
            difference=lambda a, b: _apart(a.points, b),
            unit="segments",
        )
        # Other peaks and another random order: scikit-image's results are not compared.
        yield Case(
            operator="hough_lines",
            size=size,
            peer_name=f"scikit-image {skimage.__version__}",
            ours=lines,
            peer=timed(_skimage_lines, edges > 0, votes),
        )
        yield Case(
            operator="hough_segments",
            size=size,
            peer_name=f"scikit-image {skimage.__version__}",
            ours=segments,
            peer=timed(
                probabilistic_hough_line,
                edges > 0,
                threshold=50,
                line_length=40,
                line_gap=5,
                theta=np.arange(180) * _DEGREE - np.pi / 2,
                rng=SEED,
            ),
        )


def _skimage_lines(edges, votes):
    accumulator, angles, distances = hough_line(edges, np.arange(180) * _DEGREE - np.pi / 2)
    return hough_line_peaks(
        accumulator, angles, distances, min_distance=1, min_angle=1, threshold=votes
    )


def _apart(ours, theirs):
    """How many rows only one of the two has, counted as multisets of float32."""
    width = ours.shape[1]
    theirs = np.zeros((0, width)) if theirs is None else theirs.reshape(-1, width)
    a, b = (Counter(map(tuple, np.float32(rows).tolist())) for rows in (ours, theirs))
    return sum(((a - b) + (b - a)).values())
