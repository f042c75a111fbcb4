"""Reading OpenCV's cascade files: XML text to arrays that have been checked.

The new format (``opencv_traincascade``, Haar and LBP) and the old one (``opencv-haar-classifier``)
hold the same model: stages of weak classifiers, each a small tree whose nodes ask for one feature.
"""

import dataclasses
import math

import numpy as np

from classicvision.detection._xml import parse_xml
from classicvision.images.reading import open_file

_LARGEST_FILE = 8 * 2**20  # OpenCV's own are below 1 MiB
_LARGEST_WINDOW = 10_000
_MOST_NODES = 1000  # of a tree; scanning takes memory in proportion
_RECTANGLES = 3
_LBP_CODES = 256
STAGE_SLACK = np.float32(1e-5)  # OpenCV lowers every stage threshold by this much


@dataclasses.dataclass(frozen=True)
class Cascade:
    """A boosted cascade as flat arrays.

    Attributes
    ----------
    kind : {"haar", "lbp"}
    window : tuple of int
        (width, height) in pixels.
    stage_trees : ndarray of int32, shape (stages + 1,)
        Stage ``s`` is made of the trees ``stage_trees[s]:stage_trees[s + 1]``.
    stage_thresholds : ndarray of float32, shape (stages,)
        A window passes a stage when its sum of leaves is not below the threshold.
    tree_nodes : ndarray of int32, shape (trees + 1,)
        Tree ``t`` has the nodes ``tree_nodes[t]:tree_nodes[t + 1]`` and one leaf more than nodes.
    node_features : ndarray of int32, shape (nodes,)
    node_thresholds : ndarray of float32, shape (nodes,)
        Haar: go left when the normalised feature is below the threshold.
    node_subsets : ndarray of uint32, shape (nodes, 8)
        LBP: go left when the bit of the code is set.
    node_links : ndarray of int32, shape (nodes, 2)
        Left and right: a positive number is a node of the same tree, otherwise minus a leaf.
    leaves : ndarray of float32, shape (nodes + trees,)
    rectangles : ndarray of int32, shape (features, 3, 4)
        x, y, width, height. LBP uses the first only, the top left cell of a 3 by 3 grid.
    weights : ndarray of float32, shape (features, 3)
    tilted : ndarray of bool, shape (features,)
    """

    kind: str
    window: tuple[int, int]
    stage_trees: np.ndarray
    stage_thresholds: np.ndarray
    tree_nodes: np.ndarray
    node_features: np.ndarray
    node_thresholds: np.ndarray
    node_subsets: np.ndarray
    node_links: np.ndarray
    leaves: np.ndarray
    rectangles: np.ndarray
    weights: np.ndarray
    tilted: np.ndarray

    @property
    def is_stumps(self):
        """Whether every tree is a single node."""
        return len(self.node_features) == len(self.tree_nodes) - 1


def read_cascade(path):
    """Read a cascade from an OpenCV XML file.

    Parameters
    ----------
    path : path-like
        A Haar or LBP cascade in OpenCV's new format, or a Haar cascade in the old one.

    Returns
    -------
    Cascade

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not such a cascade, or is damaged; the message names the file and the fault.
    """
    with open_file(path, pipes=True, kind="a cascade file") as file:
        data = file.read(_LARGEST_FILE + 1)
    if len(data) > _LARGEST_FILE:
        raise ValueError(f"{path}: larger than {_LARGEST_FILE >> 20} MiB, not a cascade file")
    try:
        return parse_cascade(data)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def parse_cascade(data):
    """Parse the bytes of an OpenCV cascade file; see `read_cascade`."""
    root = parse_xml(data, "a cascade file")
    if root.tag != "opencv_storage" or len(root) == 0:
        raise ValueError("not an OpenCV cascade: no model inside <opencv_storage>")
    model = root[0]
    if model.get("type_id") == "opencv-haar-classifier" or model.find("featureType") is None:
        return _read_old_format(model)
    return _read_new_format(model)


def _read_new_format(model):
    stage_type = _text(model, "stageType", "the cascade")
    if stage_type != "BOOST":
        raise ValueError(f"stageType must be BOOST, got {stage_type!r}")
    kind = _text(model, "featureType", "the cascade").lower()
    if kind not in ("haar", "lbp"):
        raise ValueError(f"featureType must be HAAR or LBP, got {kind.upper()!r}")
    # The LBP face cascade that scikit-image installs spells the second tag.
    parameters = model.find("featureParams")
    if parameters is None:
        parameters = model.find("featuhreParams")
    if parameters is None:
        raise ValueError("the cascade has no <featureParams>")
    codes = _numbers(parameters.findtext("maxCatCount", "0"), "maxCatCount", 1)[0]
    if codes != (_LBP_CODES if kind == "lbp" else 0):
        raise ValueError(f"maxCatCount must be 256 for LBP and 0 for HAAR, got {codes:g}")
    model_builder = _Builder(
        kind, [_text(model, "width", "the cascade"), _text(model, "height", "the cascade")]
    )
    for stage in _children(model, "stages", "the cascade"):
        trees = [
            _new_tree(tree, model_builder)
            for tree in _children(stage, "weakClassifiers", model_builder.place)
        ]
        model_builder.add_stage(_text(stage, "stageThreshold", model_builder.place), trees)
    for feature in _children(model, "features", "the cascade"):
        model_builder.add_feature(feature)
    return model_builder.build()


def _new_tree(tree, builder):
    """Split ``internalNodes`` (left, right, feature, test) and ``leafValues``."""
    step = 3 + (_LBP_CODES // 32 if builder.kind == "lbp" else 1)
    values = _numbers(_text(tree, "internalNodes", builder.place), builder.place)
    if len(values) == 0 or len(values) % step:
        raise ValueError(
            f"{builder.place}: internalNodes must hold {step} numbers a node, got {len(values)}"
        )
    nodes = [values[i : i + step] for i in range(0, len(values), step)]
    return nodes, _numbers(_text(tree, "leafValues", builder.place), builder.place)


def _read_old_format(model):
    """The old format keeps a feature in each node, and leaves and links in separate tags."""
    size = _numbers(_text(model, "size", "the cascade"), "size", 2)
    builder = _Builder("haar", size)
    for stage in _children(model, "stages", "the cascade"):
        trees = []
        for tree in _children(stage, "trees", builder.place):
            nodes, leaves = [], []
            for node in tree:
                feature = node.find("feature")
                if feature is None:
                    raise ValueError(f"{builder.place}: a node has no <feature>")
                links = [_old_link(node, side, leaves, builder.place) for side in ("left", "right")]
                threshold = _numbers(_text(node, "threshold", builder.place), builder.place, 1)[0]
                nodes.append([*links, builder.add_feature(feature), threshold])
            if not nodes:
                raise ValueError(f"{builder.place}: a tree has no nodes")
            trees.append((nodes, leaves))
        builder.add_stage(_text(stage, "stage_threshold", builder.place), trees)
    return builder.build()


def _old_link(node, side, leaves, place):
    """Return a node number, or minus the number of the leaf that is appended to ``leaves``."""
    value = node.findtext(f"{side}_val")
    if value is not None:
        leaves.append(_numbers(value, place, 1)[0])
        return 1 - len(leaves)
    link = _numbers(_text(node, f"{side}_node", place), place, 1)[0]
    if link <= 0:
        raise ValueError(f"{place}: a {side}_node must be a positive number, got {link:g}")
    return link


class _Builder:
    """Collects stages and features, checks them, and makes the arrays of a `Cascade`."""

    def __init__(self, kind, size):
        self.kind = kind
        sides = [_numbers(str(side), "window size", 1)[0] for side in size]
        self.window = tuple(int(min(side, _LARGEST_WINDOW + 1)) for side in sides)
        if not all(3 <= side <= _LARGEST_WINDOW for side in self.window):
            raise ValueError(
                f"the window must be 3 to {_LARGEST_WINDOW} pixels wide and high, "
                f"got {self.window[0]} x {self.window[1]}"
            )
        self.stages, self.trees, self.features, self.tilted = [], [], [], []

    @property
    def place(self):
        return f"stage {len(self.stages)}"

    def add_stage(self, threshold, trees):
        for nodes, leaves in trees:
            self._check_tree(nodes, leaves)
        self.stages.append((len(trees), _numbers(threshold, self.place, 1)[0]))
        self.trees.extend(trees)

    def _check_tree(self, nodes, leaves):
        n = len(nodes)
        if n > _MOST_NODES:
            raise ValueError(f"{self.place}: a tree has more than {_MOST_NODES} nodes: {n}")
        if len(leaves) != n + 1:
            raise ValueError(
                f"{self.place}: a tree of {n} nodes must have {n + 1} leaves, got {len(leaves)}"
            )
        for parent, node in enumerate(nodes):
            for link in node[:2]:
                if not (parent < link < n or -n <= link <= 0) or link % 1:
                    raise ValueError(
                        f"{self.place}: a node link must lead to a later node of its tree or to "
                        f"a leaf, got {link:g}"
                    )

    def add_feature(self, element):
        place = f"feature {len(self.features)}"
        if self.kind == "lbp":
            found = [[*_numbers(_text(element, "rect", place), place, 4), 1.0]]
        else:
            found = [_numbers(each.text, place, 5) for each in _children(element, "rects", place)]
            if len(found) > _RECTANGLES:
                raise ValueError(f"{place}: at most 3 rectangles, got {len(found)}")
        tilted = self.kind == "haar"  # OpenCV does not ask LBP features for it
        tilted = tilted and _numbers(element.findtext("tilted", "0"), place, 1)[0] != 0
        for *rectangle, _ in found:
            self._check_rectangle(rectangle, tilted, place)
        self.features.append(found + [[0.0] * 5] * (_RECTANGLES - len(found)))
        self.tilted.append(tilted)
        return len(self.features) - 1

    def _check_rectangle(self, rectangle, tilted, place):
        x, y, width, height = rectangle
        if self.kind == "lbp":
            left, right, bottom = x, x + 3 * width, y + 3 * height
        elif tilted:
            left, right, bottom = x - height, x + width, y + width + height
        else:
            left, right, bottom = x, x + width, y + height
        inside = left >= 0 and y >= 0 and right <= self.window[0] and bottom <= self.window[1]
        if not inside or width < 0 or height < 0 or any(value % 1 for value in rectangle):
            raise ValueError(
                f"{place}: the rectangle {' '.join(f'{value:g}' for value in rectangle)} is not "
                f"inside the window of {self.window[0]} x {self.window[1]} pixels"
            )

    def build(self):
        if not self.trees or not self.features:
            raise ValueError("the cascade has no stages or no features")
        nodes = np.array([node for tree, _ in self.trees for node in tree])
        features = nodes[:, 2]
        if ((features < 0) | (features >= len(self.features)) | (features % 1 != 0)).any():
            raise ValueError(f"a node asks for a feature outside 0 .. {len(self.features) - 1}")
        links = nodes[:, :2].astype(np.int32)
        if all(len(tree) == 1 for tree, _ in self.trees) and (links != (0, -1)).any():
            raise ValueError("a single-node tree must link to its leaves as 0 and -1")
        lbp = self.kind == "lbp"
        rectangles = np.array(self.features)
        thresholds = _float32([threshold for _, threshold in self.stages])
        return Cascade(
            kind=self.kind,
            window=self.window,
            stage_trees=_offsets([count for count, _ in self.stages]),
            stage_thresholds=thresholds - STAGE_SLACK,
            tree_nodes=_offsets([len(tree) for tree, _ in self.trees]),
            node_features=features.astype(np.int32),
            node_thresholds=np.zeros(len(nodes), np.float32) if lbp else _float32(nodes[:, 3]),
            node_subsets=_subset_words(nodes[:, 3:]) if lbp else np.zeros((len(nodes), 8), "u4"),
            node_links=links,
            leaves=_float32([leaf for _, leaves in self.trees for leaf in leaves]),
            rectangles=rectangles[..., :4].astype(np.int32),
            weights=_float32(rectangles[..., 4]),
            tilted=np.array(self.tilted),
        )


def _text(element, tag, place):
    text = element.findtext(tag)
    if text is None or not text.strip():
        raise ValueError(f"{place}: <{tag}> is missing or empty")
    return text.strip()


def _children(element, tag, place):
    children = element.find(tag)
    if children is None or len(children) == 0:
        raise ValueError(f"{place}: <{tag}> is missing or empty")
    return children


def _numbers(text, place, count=None):
    """Parse white-space separated finite numbers, exact for the integers here."""
    try:
        values = [float(word) for word in (text or "").split()]
    except ValueError:
        raise ValueError(f"{place}: expected numbers, got {text.strip()[:40]!r}") from None
    if not all(map(math.isfinite, values)):
        raise ValueError(f"{place}: a number is not finite")
    if count is not None and len(values) != count:
        raise ValueError(f"{place}: expected {count} numbers, got {len(values)}")
    return values


def _float32(values):
    values = np.asarray(values)
    if np.abs(values).max(initial=0) > np.finfo(np.float32).max:
        raise ValueError("a number is too large for float32")
    return values.astype(np.float32)


def _subset_words(values):
    """The 256 bits of a subset are eight signed 32-bit integers in the file."""
    if ((values % 1 != 0) | (values < -(2**31)) | (values >= 2**32)).any():
        raise ValueError("an LBP subset must be made of 32-bit integers")
    return values.astype(np.int64).astype(np.uint32)


def _offsets(counts):
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
