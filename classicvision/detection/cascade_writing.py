"""Writing cascades in the format of ``opencv_traincascade``, which every OpenCV from 2.4 loads.

What is written is read again before it is handed out, and must give the same arrays.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from classicvision._checks import check_number, check_option
from classicvision.detection.cascade_xml import STAGE_SLACK, Cascade, parse_cascade
from classicvision.images import write_bytes

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray

_BOOSTINGS = {"discrete": "DAB", "real": "RAB", "gentle": "GAB", "logit": "LB"}
_MODES = ("basic", "core", "all")


def storable_thresholds(thresholds: ArrayLike) -> NDArray[np.float32]:
    """Return for each stage threshold the largest one not above it that a file can carry.

    Parameters
    ----------
    thresholds : array_like of float32

    Returns
    -------
    ndarray of float32
        At most one step of float32 lower; the same for thresholds that come from a file.

    Notes
    -----
    OpenCV subtracts 1e-5 from the number in the file, in single precision. Where that rounds,
    as just below a power of two, some numbers are the result of no such subtraction.
    """
    thresholds = np.asarray(thresholds, np.float32)
    read = _readable(thresholds) - STAGE_SLACK
    return np.where(read <= thresholds, read, -np.inf).max(0).astype(np.float32)


def _readable(thresholds):
    """The three numbers next to each threshold that may be read as it, the likeliest first."""
    sums = thresholds + STAGE_SLACK
    return np.stack([sums, np.nextafter(sums, -np.inf), np.nextafter(sums, np.inf)])


def format_cascade(
    cascade: Cascade,
    *,
    boosting: str = "gentle",
    min_hit_rate: float = 0.995,
    max_false_alarm_rate: float = 0.5,
    weight_trim_rate: float = 0.95,
    max_weak_count: int = 100,
    mode: str | None = None,
) -> bytes:
    """Return the bytes of an OpenCV cascade file.

    Parameters
    ----------
    cascade : Cascade
        Features that no node asks for are left out, the others numbered anew.
    boosting : {"discrete", "real", "gentle", "logit"}
        How the cascade was trained; this and what follows is for the record only.
    min_hit_rate, max_false_alarm_rate, weight_trim_rate : float
        0 to 1.
    max_weak_count : int
        The largest stage, if that has more trees.
    mode : {"basic", "core", "all"}, optional
        The set of Haar features; None: "all" if there is a tilted one, otherwise "core".

    Returns
    -------
    bytes
        XML, in which every float32 number has the nine digits that tell it from its neighbours.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong type or outside its range; for a cascade that would not be
        read as it is, such as one with a stage threshold that `storable_thresholds` changes.
    """
    if not isinstance(cascade, Cascade):
        raise TypeError(f"cascade must be a Cascade, got {cascade!r:.80}")
    rates = {
        "minHitRate": check_number(min_hit_rate, "min_hit_rate", at_least=0, at_most=1),
        "maxFalseAlarm": check_number(
            max_false_alarm_rate, "max_false_alarm_rate", at_least=0, at_most=1
        ),
        "weightTrimRate": check_number(weight_trim_rate, "weight_trim_rate", at_least=0, at_most=1),
    }
    most = check_number(max_weak_count, "max_weak_count", at_least=1, integer=True)
    cascade = _without_unused_features(cascade)
    stages = np.diff(cascade.stage_trees)
    if mode is None:
        mode = "all" if cascade.tilted.any() else "core"
    check_option(mode, "mode", _MODES)
    lines = [
        '<?xml version="1.0"?>',
        "<opencv_storage>",
        "<cascade>",
        "  <stageType>BOOST</stageType>",
        f"  <featureType>{cascade.kind.upper()}</featureType>",
        f"  <height>{cascade.window[1]}</height>",
        f"  <width>{cascade.window[0]}</width>",
        "  <stageParams>",
        f"    <boostType>{_BOOSTINGS[check_option(boosting, 'boosting', _BOOSTINGS)]}</boostType>",
        *(f"    <{tag}>{_real(rate)}</{tag}>" for tag, rate in rates.items()),
        f"    <maxDepth>{_deepest(cascade)}</maxDepth>",
        f"    <maxWeakCount>{max(most, stages.max(initial=0))}</maxWeakCount></stageParams>",
        "  <featureParams>",
        f"    <maxCatCount>{256 if cascade.kind == 'lbp' else 0}</maxCatCount>",
        "    <featSize>1</featSize>",
        *([] if cascade.kind == "lbp" else [f"    <mode>{mode.upper()}</mode>"]),
        "  </featureParams>",
        f"  <stageNum>{len(stages)}</stageNum>",
        "  <stages>",
        *(line for stage in range(len(stages)) for line in _stage_lines(cascade, stage)),
        "  </stages>",
        "  <features>",
        *(
            line
            for number in range(len(cascade.tilted))
            for line in _feature_lines(cascade, number)
        ),
        "  </features></cascade>",
        "</opencv_storage>",
    ]
    data = ("\n".join(lines) + "\n").encode("ascii")
    _check_same(cascade, parse_cascade(data))
    return data


def write_cascade(path: str | os.PathLike[str], cascade: Cascade, **parameters) -> None:
    """Write an OpenCV cascade file atomically.

    Parameters
    ----------
    path : path-like
        An existing file is replaced.
    cascade : Cascade
    **parameters
        Those of `format_cascade`, which also says what is raised.

    Raises
    ------
    OSError
        In one line, for a folder that is missing or cannot be written to.
    """
    write_bytes(path, format_cascade(cascade, **parameters))


def _without_unused_features(cascade):
    used, numbers = np.unique(cascade.node_features, return_inverse=True)
    return dataclasses.replace(
        cascade,
        node_features=numbers.astype(np.int32),
        rectangles=cascade.rectangles[used],
        weights=cascade.weights[used],
        tilted=cascade.tilted[used],
    )


def _stage_lines(cascade, stage):
    first, end = cascade.stage_trees[stage : stage + 2]
    threshold = cascade.stage_thresholds[stage]
    numbers = _readable(threshold)
    exact = numbers[numbers - STAGE_SLACK == threshold]
    if len(exact) == 0:
        raise ValueError(
            f"the threshold {threshold} of stage {stage} has no number in OpenCV's format; "
            "use storable_thresholds"
        )
    yield f"    <!-- stage {stage} -->"
    yield f"    <_><maxWeakCount>{end - first}</maxWeakCount>"
    yield f"      <stageThreshold>{_real(exact[0])}</stageThreshold>"
    yield "      <weakClassifiers>"
    for tree in range(first, end):
        root, stop = cascade.tree_nodes[tree : tree + 2]
        yield "        <_><internalNodes>"
        for node in range(root, stop):
            yield f"            {_node_text(cascade, node)}"
        leaves = cascade.leaves[root + tree : stop + tree + 1]  # one more than nodes in each tree
        values = " ".join(map(_real, leaves))
        yield f"          </internalNodes><leafValues>{values}</leafValues></_>"
    yield "      </weakClassifiers></_>"


def _node_text(cascade, node):
    """Left, right, feature, and the threshold of a Haar feature or the subset of LBP codes."""
    if cascade.kind == "lbp":
        test = " ".join(map(str, cascade.node_subsets[node].astype(np.uint32).view(np.int32)))
    else:
        test = _real(cascade.node_thresholds[node])
    left, right = cascade.node_links[node]
    return f"{left} {right} {cascade.node_features[node]} {test}"


def _feature_lines(cascade, number):
    rectangles, weights = cascade.rectangles[number], cascade.weights[number]
    texts = [" ".join(map(str, rectangle)) for rectangle in rectangles]
    if cascade.kind == "lbp":
        yield f"    <_><rect>{texts[0]}</rect></_>"
        return
    used = np.flatnonzero(rectangles.any(1) | (weights != 0))
    last = used[-1] if len(used) else 0
    yield "    <_><rects>"
    for text, weight in zip(texts[: last + 1], weights, strict=False):
        yield f"        <_>{text} {_real(weight)}</_>"
    yield f"      </rects><tilted>{int(cascade.tilted[number])}</tilted></_>"


def _real(value):
    """Nine digits, which is what it takes to tell a float32 from all others."""
    text = f"{value:.9g}"
    return text if "." in text or "e" in text else f"{text}."


def _deepest(cascade):
    """The number of nodes on the longest way from a root to a leaf."""
    depths = np.ones(len(cascade.node_features), int)
    roots = np.repeat(cascade.tree_nodes[:-1], np.diff(cascade.tree_nodes))
    for node in range(len(depths) - 1, -1, -1):  # links lead to later nodes
        links = cascade.node_links[node]
        depths[node] += depths[roots[node] + links[links > 0]].max(initial=0)
    return depths.max(initial=1)


def _check_same(cascade, again):
    for field in dataclasses.fields(Cascade):
        if not np.array_equal(getattr(cascade, field.name), getattr(again, field.name)):
            raise ValueError(
                f"the cascade cannot be kept in OpenCV's format: {field.name} would change"
            )
