"""Results onto images: boxes, lines, segments, circles, ellipses, matches and keypoints."""

from __future__ import annotations

import colorsys
import math
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import (
    as_array,
    check_image,
    check_number,
    check_pairs,
    whole_result,
)
from classicvision._opencv import opencv
from classicvision.images import as_uint8, luminance
from classicvision.results import (
    Circles,
    Detections,
    Ellipses,
    Keypoints,
    Lines,
    Matches,
    Segments,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_SHIFT = 4  # OpenCV draws at sixteenths of a pixel
_TITLE, _GAP = 28, 8  # pixels, of the titles of tiled pictures and between these
_TALLEST = 2  # times the width of a tile


def draw(
    image: ArrayLike,
    result: Detections | Lines | Segments | Circles | Ellipses | Matches | Keypoints,
    *,
    color: Sequence[int] | None = None,
    thickness: int | None = None,
) -> NDArray[np.uint8]:
    """Return a copy of an image with a result drawn on it.

    Boxes come with their names and scores, lines run right across the image, circles and
    ellipses have a dot in the centre, matches are arrows from the template's reference point
    in the direction in which its x axis points, and keypoints are circles of their size with the
    radius of their direction; all antialiased.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        uint8 as it is; bool as black and white; uint16 divided by 257; int16 and floats
        stretched so that the smallest value is black and the largest is white.
    result : Detections, Lines, Segments, Circles, Ellipses, Matches or Keypoints
    color : (red, green, blue), optional
        0 to 255 each. By default green, and for boxes of several labels a hue for each label.
    thickness : int, optional
        Of the drawn lines in pixels; by default 1 for each 300 pixels of the image's longer
        side.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        RGB.

    Raises
    ------
    TypeError, ValueError
        For what is no image, no result, no colour, or a thickness below 1.

    Examples
    --------
    >>> picture = draw(np.zeros((40, 40)), Segments([[5, 20, 35, 20]], votes=[31]))
    >>> picture.shape, picture.dtype, int(picture[20, 20].argmax())
    ((40, 40, 3), dtype('uint8'), 1)
    """
    canvas = to_rgb(check_image(image))
    thickness = _check_thickness(thickness, canvas.shape)
    color = None if color is None else _check_color(color)
    if isinstance(result, Detections):
        _draw_boxes(canvas, result, color, thickness)
    elif isinstance(result, Lines):
        _draw_segments(canvas, _across(result, canvas.shape), color, thickness)
    elif isinstance(result, Segments):
        _draw_segments(canvas, result.points.astype(np.float64), color, thickness)
    elif isinstance(result, Circles):
        axes = np.stack([result.radii, result.radii], axis=1)
        _draw_ellipses(canvas, result.centers, axes, np.zeros(len(result)), color, thickness)
    elif isinstance(result, Ellipses):
        _draw_ellipses(canvas, result.centers, result.axes, result.angles, color, thickness)
    elif isinstance(result, Matches):
        _draw_arrows(canvas, result, color, thickness)
    elif isinstance(result, Keypoints):
        _draw_keypoints(canvas, result, color, thickness)
    else:
        raise TypeError(
            "result must be Detections, Lines, Segments, Circles, Ellipses, Matches or Keypoints, "
            f"got {type(result).__name__}"
        )
    return canvas


def draw_matches(
    image: ArrayLike,
    other: ArrayLike,
    keypoints: Keypoints | ArrayLike,
    other_keypoints: Keypoints | ArrayLike,
    pairs: ArrayLike,
    *,
    color: Sequence[int] | None = None,
    thickness: int | None = None,
    gap: int = 8,
) -> NDArray[np.uint8]:
    """Return two images beside each other, with a line between the points of each match.

    Parameters
    ----------
    image, other : array_like, shape (rows, columns) or (rows, columns, 3)
        The left and the right image, each shown as by `draw`.
    keypoints, other_keypoints : Keypoints, or array_like of shape (n, 2)
        The points x, y of each.
    pairs : array_like of int, shape (n, 2)
        Which point of ``image`` matches which of ``other``, the first of what `match_descriptors`
        returns. ``pairs[verification.inliers]`` are those that `verify_matches` has made sure of.
    color : (red, green, blue), optional
        0 to 255 each. By default each line has a hue of its own, so that they can be followed.
    thickness : int, optional
        Of the lines in pixels; by default 1 for each 1000 pixels of the picture's longer side.
    gap : int
        White pixels between the images: the right one begins at the left one's columns + gap.

    Returns
    -------
    ndarray of uint8, shape (larger number of rows, columns of both + gap, 3)
        RGB; white below the image that has fewer rows.

    Raises
    ------
    TypeError, ValueError
        For what are no images, points, pairs of these, or colour; a thickness below 1.

    Examples
    --------
    >>> left, right = np.zeros((40, 30)), np.zeros((20, 50))
    >>> draw_matches(left, right, [[5, 9]], [[8, 2], [7, 7]], [[0, 1]]).shape
    (40, 88, 3)
    """
    gap = check_number(gap, "gap", at_least=0, at_most=32767, integer=True)
    left, right = to_rgb(check_image(image)), to_rgb(check_image(other, name="other"))
    points = _check_points(keypoints, "keypoints")
    others = _check_points(other_keypoints, "other_keypoints")
    pairs = check_pairs(pairs, len(points), len(others))
    color = None if color is None else _check_color(color)
    begin = left.shape[1] + gap
    shape = max(len(left), len(right)), begin + right.shape[1], 3
    thickness = _check_thickness(thickness, shape, 1000)
    canvas = np.full(shape, 255, np.uint8)
    canvas[: len(left), : left.shape[1]] = left
    canvas[: len(right), begin:] = right
    lines = np.concatenate([points[pairs[:, 0]], others[pairs[:, 1]] + [begin, 0]], axis=1)
    for i in range(len(lines)):
        _draw_segments(canvas, lines[i : i + 1], color or _label_color(i), thickness)
    return canvas


def tile(pictures: Sequence[tuple[str, ArrayLike]], *, width: int = 480) -> NDArray[np.uint8]:
    """Lay pictures out in rows, three beside each other, each with its title above.

    Parameters
    ----------
    pictures : sequence of (title, image)
        Images of any size and dtype, as for `draw`.
    width : int
        Of each picture in pixels; its height follows, and is at most twice the width: higher
        pictures are narrower.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        RGB.

    Raises
    ------
    TypeError, ValueError
        For what are no images, no picture at all, or a width below 1.

    Examples
    --------
    >>> tile([("left", np.zeros((10, 20))), ("right", np.ones((10, 20)))], width=100).shape
    (86, 208, 3)
    """
    width = check_number(width, "width", at_least=1, at_most=32767, integer=True)
    if not len(pictures):
        raise ValueError("pictures must be at least one pair of title and image, got none")
    cv2 = opencv()
    cells = []
    for title, image in pictures:
        picture = to_rgb(check_image(image))
        rows, columns = picture.shape[:2]
        scale = min(width / columns, _TALLEST * width / rows)
        size = max(1, round(scale * columns)), max(1, round(scale * rows))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
        cell = np.full((size[1] + _TITLE, width, 3), 255, np.uint8)
        cell[_TITLE:, : size[0]] = cv2.resize(picture, size, interpolation=method)
        place = (4, _TITLE - 10)
        cv2.putText(cell, title, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
        cells.append(cell)
    across = min(3, len(cells))
    rows = [cells[i : i + across] for i in range(0, len(cells), across)]
    heights = [max(len(cell) for cell in row) for row in rows]
    shape = sum(heights) + _GAP * len(rows), across * width + _GAP * (across - 1), 3
    sheet = np.full(shape, 255, np.uint8)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for i, cell in enumerate(row):
            left = i * (width + _GAP)
            sheet[top : top + len(cell), left : left + width] = cell
        top += height + _GAP
    return sheet


def to_rgb(image: NDArray) -> NDArray[np.uint8]:
    """Return an RGB copy of an image of any kind, as `draw` shows it."""
    if image.dtype.kind in "bu":
        image = as_uint8(image)
    else:
        # Halved first: the range of float64 does not fit into float64.
        low, high = image.min() * 0.5, image.max() * 0.5
        scale = high - low if high > low else 1.0
        image = np.rint((image * 0.5 - low) / scale * 255).astype(np.uint8)
    if image.ndim == 2:
        image = image[:, :, None]
    return np.array(np.broadcast_to(image, (*image.shape[:2], 3)), order="C")


def _check_color(color):
    parts = tuple(color) if np.iterable(color) and not isinstance(color, str) else ()
    if len(parts) != 3:
        raise TypeError(f"color must be (red, green, blue), 0 to 255 each, got {color!r}")
    return tuple(
        check_number(part, "color", at_least=0, at_most=255, integer=True) for part in parts
    )


def _check_thickness(thickness, shape, pixels=300):
    """Return the thickness of lines, by default 1 for so many pixels of the image's longer side."""
    if thickness is None:
        return max(1, round(max(shape[:2]) / pixels))
    return check_number(thickness, "thickness", at_least=1, at_most=32767, integer=True)


def _check_points(points, name):
    array = as_array(getattr(points, "points", points))
    if array.size == 0:
        return np.zeros((0, 2))
    if array.dtype.kind not in "iuf" or array.ndim != 2 or array.shape[1] != 2:
        raise TypeError(
            f"{name} must be Keypoints, or numbers of shape (n, 2), "
            f"got shape {array.shape} and dtype {array.dtype}"
            + whole_result(
                points, "extract_descriptors returns (keypoints, descriptors), give its first"
            )
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    return array.astype(np.float64)


def _draw_boxes(canvas, detections, color, thickness):
    cv2 = opencv()
    several = len(set(detections.labels.tolist())) > 1
    plain = (detections.scores == 1).all()  # what scores are where none were given
    order = np.argsort(detections.scores, kind="stable")  # the best on top
    for i in order.tolist():
        label = int(detections.labels[i])
        hue = color or (_label_color(label) if several else (0, 255, 0))
        box = _within(detections.boxes[i].astype(np.float64), canvas.shape)
        first, last = box[:2], box[2:] - 1  # the right and bottom edges are exclusive
        corners = [tuple(_fixed(p)) for p in (first, np.maximum(first, last))]
        cv2.rectangle(canvas, *corners, hue, thickness, cv2.LINE_AA, _SHIFT)
        words = [] if detections.names is None else [detections.names[label]]
        words += [] if plain and words else [f"{detections.scores[i]:.3g}"]
        _write(canvas, " ".join(words), box, hue)


def _write(canvas, text, box, color):
    """Write on a plate of the colour above a box, or inside it where there is no room above."""
    cv2 = opencv()
    text = text.encode("ascii", "replace").decode()  # all that OpenCV's fonts have
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, max(0.45, max(canvas.shape[:2]) / 1600)
    weight = max(1, round(1.5 * scale))
    (width, height), base = cv2.getTextSize(text, font, scale, weight)
    x = max(0, min(int(box[0]), canvas.shape[1] - width))
    bottom = int(box[1]) if box[1] >= height + base else int(box[1]) + height + base
    plate = (x, bottom - height - base), (x + width, bottom)
    cv2.rectangle(canvas, *plate, color, cv2.FILLED)
    ink = (0, 0, 0) if luminance(np.array([[color]], np.uint8))[0, 0] > 110 else (255, 255, 255)
    cv2.putText(canvas, text, (x, bottom - base), font, scale, ink, weight, cv2.LINE_AA)


def _label_color(label):
    """Return a colour for a label: steps of the golden ratio around the hues."""
    rgb = colorsys.hsv_to_rgb((1 / 3 + label * 0.6180339887) % 1, 1, 1)
    return tuple(round(255 * part) for part in rgb)


def _across(lines, shape):
    """Return each line as the segment (x1, y1, x2, y2) that crosses the whole image."""
    rho, theta = lines.rho.astype(np.float64), lines.theta.astype(np.float64)
    normal = np.stack([np.cos(theta), np.sin(theta)], axis=1)
    middle = np.array([shape[1] - 1, shape[0] - 1]) / 2
    # The foot of the perpendicular from the middle of the image, then both ways.
    foot = middle + (rho - normal @ middle)[:, None] * normal
    reach = np.hypot(*shape[:2]) * np.stack([-normal[:, 1], normal[:, 0]], axis=1)
    near = np.abs(rho - normal @ middle) <= np.hypot(*shape[:2])
    return np.concatenate([foot - reach, foot + reach], axis=1)[near]


def _draw_segments(canvas, points, color, thickness):
    cv2 = opencv()
    for ends in points:
        ends = _within(ends, canvas.shape)
        start, end = (tuple(_fixed(end)) for end in (ends[:2], ends[2:]))
        cv2.line(canvas, start, end, color or (0, 255, 0), thickness, cv2.LINE_AA, _SHIFT)


def _draw_ellipses(canvas, centers, axes, angles, color, thickness):
    cv2 = opencv()
    for center, half_axes, angle in zip(centers, axes, angles, strict=True):
        if half_axes[0] > 4 * sum(canvas.shape):
            continue  # OpenCV would take forever; what is seen of it is a straight line at most
        center, color = _within(center, canvas.shape), color or (0, 255, 0)
        turn = math.degrees(angle)
        place = tuple(_fixed(center)), tuple(_fixed(half_axes)), turn, 0, 360
        cv2.ellipse(canvas, *place, color, thickness, cv2.LINE_AA, _SHIFT)
        dot = _fixed([max(1, thickness)])[0]
        cv2.circle(canvas, tuple(_fixed(center)), dot, color, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _draw_arrows(canvas, matches, color, thickness):
    cv2 = opencv()
    length = 0.05 * max(canvas.shape[:2]) * matches.scales.astype(np.float64)
    turn = matches.angles.astype(np.float64)
    steps = length[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for center, step in zip(matches.centers.astype(np.float64), steps, strict=True):
        start, tip = (tuple(_fixed(_within(p, canvas.shape))) for p in (center, center + step))
        hue = color or (0, 255, 0)
        cv2.arrowedLine(canvas, start, tip, hue, thickness, cv2.LINE_AA, _SHIFT, 0.3)


def _draw_keypoints(canvas, keypoints, color, thickness):
    cv2 = opencv()
    radii = keypoints.sizes.astype(np.float64) / 2
    turn = keypoints.angles.astype(np.float64)
    steps = radii[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for center, radius, step in zip(keypoints.points, radii, steps, strict=True):
        if radius > 4 * sum(canvas.shape):
            continue  # OpenCV would take forever
        center = _within(center.astype(np.float64), canvas.shape)
        start, tip, hue = tuple(_fixed(center)), tuple(_fixed(center + step)), color or (0, 255, 0)
        ring = _fixed([max(radius, 1)])[0]
        cv2.circle(canvas, start, ring, hue, thickness, cv2.LINE_AA, _SHIFT)
        cv2.line(canvas, start, tip, hue, thickness, cv2.LINE_AA, _SHIFT)


def _within(values, shape):
    """Clip coordinates to a few image sizes around the image: OpenCV takes 32-bit integers."""
    return np.clip(values, -1e5 - max(shape), 1e5 + max(shape))


def _fixed(point):
    return np.rint(np.asarray(point) * (1 << _SHIFT)).astype(int).tolist()
