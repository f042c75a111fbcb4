"""The pictures that ``classicvision explain`` shows: pairs of a title and an image."""

import numpy as np

from classicvision.cli._models import DEFAULT_MODEL, load_model, usual_neighbors
from classicvision.drawing import draw
from classicvision.images import luminance
from classicvision.results import Circles, Segments

_MOST_LINES = 12


def _canny(photograph):
    from classicvision.edges.canny import canny

    steps = canny(photograph, 100, 200, sigma=1, return_steps=True)
    ridges = steps.weak * 110 + steps.strong * 255
    return [
        ("photograph", photograph),
        ("1 smoothed, sigma 1", steps.smoothed),
        ("2 derivative along x", steps.gx),
        ("2 derivative along y", steps.gy),
        ("2 gradient's magnitude", _bright(steps.magnitude)),
        ("3 ridges of the magnitude", _bright(steps.suppressed)),
        ("4 weak (gray) and strong (white)", ridges.astype(np.uint8)),
        ("4 strong, and weak connected to them", steps.edges),
    ]


def _hough_lines(photograph):
    from classicvision.edges.canny import canny
    from classicvision.filters.derivatives import gradient
    from classicvision.filters.smoothing import gaussian
    from classicvision.hough.lines import hough_lines

    smooth = gaussian(luminance(photograph), 1)
    gx, gy = gradient(smooth, dtype="int16")
    high = max(40, np.quantile(np.abs(gx) + np.abs(gy), 0.95))  # the steepest 5 %
    edges = canny(smooth, 0.4 * high, high)
    shorter = min(edges.shape)
    lines, accumulator = hough_lines(
        edges,
        threshold=shorter / 10,
        max_lines=_MOST_LINES,
        min_distance=shorter / 40,
        min_angle=0.1,
        return_accumulator=True,
    )
    table, peaks = _table(accumulator, lines)
    return [
        ("photograph", photograph),
        ("1 edges", edges),
        ("2 votes: theta across, rho down", table),
        (f"3 the {len(lines)} highest peaks", peaks),
        ("4 their lines", draw(photograph, lines)),
    ]


def _table(accumulator, lines):
    """Return a picture of the votes, as wide as high, and one with the lines' cells marked."""
    votes = _bright(accumulator.votes.T)
    used = np.flatnonzero(votes.any(axis=1))
    first, last = (used[0], used[-1]) if used.size else (0, len(votes) - 1)
    votes = votes[first : last + 1]
    wide = max(1, len(votes) // votes.shape[1])
    table = np.repeat(votes, wide, axis=1)
    centers = [
        (wide * (np.abs(accumulator.theta - theta).argmin() + 0.5), r - first)
        for theta, r in zip(
            lines.theta, np.searchsorted(accumulator.rho, lines.rho).tolist(), strict=True
        )
    ]
    size = max(4, len(votes) // 60)
    rings = Circles(centers, [size] * len(centers), lines.votes)
    return table, draw(table, rings)


def _hough_circles(photograph):
    from classicvision.hough.circles import hough_circles

    shorter = min(photograph.shape[:2])
    smallest = max(5, shorter / 60)  # as the command circles
    steps = hough_circles(
        photograph,
        min_radius=smallest,
        max_radius=max(smallest, shorter / 2),
        return_steps=True,
    )
    tables = [
        (f"2 votes for radii {octave.low:.0f} to {octave.high:.0f}", _bright(votes))
        for octave, votes in zip(steps.octaves, steps.votes, strict=True)
    ]
    return [
        ("photograph", photograph),
        ("1 edges", steps.edges),
        *tables,
        (f"3 {len(steps.candidates)} candidates", draw(photograph, steps.candidates)),
        (f"4 the {len(steps.circles)} circles", draw(photograph, steps.circles)),
    ]


def _cascade(photograph, model=DEFAULT_MODEL):
    detector = load_model(model)
    steps = detector.explain(photograph)
    windows = detector.detect(photograph, min_neighbors=0)
    groups = detector.detect(photograph, min_neighbors=usual_neighbors(model))
    stages = len(detector.stages)
    return [
        ("photograph", photograph),
        *_depth_maps(steps, detector, photograph.shape[:2]),
        (f"{len(windows)} windows pass all {stages} stages", draw(photograph, _outlines(windows))),
        (f"windows merged: {len(groups)} found", draw(photograph, groups)),
    ]


def _depth_maps(steps, detector, shape):
    """Return how far windows of three sizes get, at their centres, up to the size found most."""
    passed = [int((depth == len(detector.stages)).sum()) for depth in steps.depths]
    most = int(np.argmax(passed)) if any(passed) else len(passed) // 2
    maps = []
    for i in sorted({0, most // 2, most}) if passed else []:
        depth, apart = steps.depths[i], steps.scales[i] * steps.steps[i]
        width, height = (side // (2 * steps.steps[i]) for side in detector.window)
        picture = np.zeros([max(1, round(float(side / apart))) for side in shape], np.uint16)
        place = picture[height:, width:]
        rows, columns = (min(sides) for sides in zip(depth.shape, place.shape, strict=True))
        place[:rows, :columns] = depth[:rows, :columns]
        size = round(float(steps.scales[i] * detector.window[0]))
        maps.append((f"stages passed by windows of {size} pixels", _bright(picture)))
    return maps


def _outlines(detections):
    """Return the sides of boxes, which are drawn without scores."""
    x1, y1, x2, y2 = detections.boxes.T
    x2, y2 = x2 - 1, y2 - 1
    sides = [(x1, y1, x2, y1), (x2, y1, x2, y2), (x2, y2, x1, y2), (x1, y2, x1, y1)]
    points = np.concatenate([np.stack(side, axis=1) for side in sides])
    return Segments(points, np.ones(len(points), int))


def _pyramid(photograph):
    from classicvision import gaussian_pyramid, laplacian_pyramid, reconstruct

    gray = luminance(photograph)
    levels = min(4, 1 + (max(gray.shape) - 1).bit_length())
    smooth = gaussian_pyramid(gray, levels)
    details = laplacian_pyramid(gray, levels)
    titles = [f"Gaussian level {i}: {a.shape[1]} x {a.shape[0]}" for i, a in enumerate(smooth)]
    stages = list(zip(titles, smooth, strict=True))
    for i, detail in enumerate(details[:-1]):
        stages.append(
            (f"Laplacian level {i}", np.clip(detail * 2.0 + 128, 0, 255).astype(np.uint8))
        )
    again = reconstruct(details)
    apart = np.abs(again.astype(np.float64) - gray).max()
    stages.append((f"reconstructed, {apart:g} levels off", again))
    return stages


def _bright(values):
    """Map 0 to black and the largest value to white, small ones lifted to be seen."""
    values = np.asarray(values, np.float64)
    return np.rint(255 * np.sqrt(values / max(values.max(), 1e-12))).astype(np.uint8)


STAGES = {
    "canny": _canny,
    "hough-lines": _hough_lines,
    "hough-circles": _hough_circles,
    "pyramid": _pyramid,
    "cascade": _cascade,
}
