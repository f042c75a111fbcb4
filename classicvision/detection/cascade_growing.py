"""Cascades with one stage more, or with some less."""

import dataclasses

import numpy as np

from classicvision.detection.cascade_xml import STAGE_SLACK, Cascade
from classicvision.features.haar import HaarFeatures


def with_stage(cascade, stage, features):
    """Return the cascade, None for one without stages, with one stage more.

    Parameters
    ----------
    cascade : Cascade or None
    stage : Stage
    features : HaarFeatures or LBPFeatures
        Those that the splits of the stage are numbers of.
    """
    splits = [split for tree in stage.trees for split in tree.splits]
    sizes = [len(tree.splits) for tree in stage.trees]
    own = _new(stage, splits, sizes, features)
    if cascade is None:
        return own
    nodes, trees = len(cascade.node_features), len(cascade.tree_nodes) - 1
    return Cascade(
        kind=cascade.kind,
        window=cascade.window,
        stage_trees=np.append(cascade.stage_trees, own.stage_trees[1:] + trees).astype(np.int32),
        stage_thresholds=np.append(cascade.stage_thresholds, own.stage_thresholds),
        tree_nodes=np.append(cascade.tree_nodes, own.tree_nodes[1:] + nodes).astype(np.int32),
        node_features=np.append(cascade.node_features, own.node_features + nodes).astype(np.int32),
        node_thresholds=np.append(cascade.node_thresholds, own.node_thresholds),
        node_subsets=np.concatenate([cascade.node_subsets, own.node_subsets]),
        node_links=np.concatenate([cascade.node_links, own.node_links]),
        leaves=np.append(cascade.leaves, own.leaves),
        rectangles=np.concatenate([cascade.rectangles, own.rectangles]),
        weights=np.concatenate([cascade.weights, own.weights]),
        tilted=np.append(cascade.tilted, own.tilted),
    )


def _new(stage, splits, sizes, features):
    """Return a cascade of one stage, with a feature for each node."""
    chosen = features[[split.feature for split in splits]]
    haar = isinstance(features, HaarFeatures)
    count = len(splits)
    rectangles, weights = np.zeros((count, 3, 4), np.int32), np.zeros((count, 3), np.float32)
    if haar:
        rectangles, weights = chosen.rectangles, chosen.weights
    else:
        rectangles[:, 0], weights[:, 0] = chosen.cells, 1
    return Cascade(
        kind="haar" if haar else "lbp",
        window=features.window,
        stage_trees=np.array([0, len(stage.trees)], np.int32),
        stage_thresholds=np.array([stage.threshold - STAGE_SLACK], np.float32),
        tree_nodes=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        node_features=np.arange(count, dtype=np.int32),
        node_thresholds=np.array([split.threshold for split in splits], np.float32),
        node_subsets=np.array([split.subset for split in splits], np.uint32),
        node_links=np.concatenate([tree.links for tree in stage.trees]).astype(np.int32),
        leaves=np.concatenate([tree.leaves for tree in stage.trees]),
        rectangles=rectangles,
        weights=weights,
        tilted=chosen.tilted if haar else np.zeros(count, bool),
    )


def first_stages(cascade, count):
    """Return a cascade of the first stages of another one."""
    trees = cascade.stage_trees[count]
    nodes = cascade.tree_nodes[trees]
    return dataclasses.replace(
        cascade,
        stage_trees=cascade.stage_trees[: count + 1],
        stage_thresholds=cascade.stage_thresholds[:count],
        tree_nodes=cascade.tree_nodes[: trees + 1],
        node_features=cascade.node_features[:nodes],
        node_thresholds=cascade.node_thresholds[:nodes],
        node_subsets=cascade.node_subsets[:nodes],
        node_links=cascade.node_links[:nodes],
        leaves=cascade.leaves[: nodes + trees],
    )
