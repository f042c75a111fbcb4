"""How well encodings and a linear classifier tell the objects of photographs.

``caltech101_subset``: 15 photographs of each class to learn from, all others to be classified,
10 times with other photographs drawn by chance. All encodings get the same descriptors of a
photograph; words, components and Gaussians are learned from the photographs to learn from alone.
The accuracy is the mean over the classes, its deviation that over the draws, and the difference to
the bag of words is between the same draws.

``python -m benchmarks.classification_quality [--splits N] [--json FILE]`` needs
``CLASSICVISION_DATA``, and takes about 20 minutes on one core.

The sizes of the dense windows were chosen on this set: what it says of them is optimistic.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

SEED, TRAINING = 0, 15
_WORDS = 2000
_SAMPLE = 500  # descriptors of a photograph that words are learned from


def encoded(kind, items, training, seed):
    """Yield the name of an encoding and the rows of all photographs; it is learned from some."""
    from classicvision import VLAD, BagOfWords, FisherVector, VisualVocabulary

    learned_from = [items[i] for i in training]
    rng = np.random.default_rng([SEED, seed])
    sample = [found[1][rng.permutation(len(found[1]))[:_SAMPLE]] for found in learned_from]
    words = VisualVocabulary(_WORDS, random_state=seed).fit(sample)
    pyramid = BagOfWords(vocabulary=words, pyramid_levels=2).fit(learned_from).transform(items)
    whole = pyramid[:, :_WORDS]  # the first level alone, which is the bag of words
    yield "bag of 2,000 words", whole / np.linalg.norm(whole, axis=1, keepdims=True)
    yield "with a spatial pyramid, 1 + 4", pyramid
    if kind != "dense":  # where it takes long, and changes little
        soft = BagOfWords(vocabulary=words, assignment="soft")
        yield "with soft assignment", soft.fit(learned_from).transform(items)
    words = VisualVocabulary(64, random_state=seed).fit(sample)
    yield "VLAD, 64 words", VLAD(vocabulary=words).fit(learned_from).transform(items)
    fisher = FisherVector(64, max_descriptors=100_000, random_state=seed)
    yield "Fisher vector, 64 Gaussians", fisher.fit(learned_from).transform(items)


def described(paths, kind):
    """Return (keypoints, descriptors, shape) of every photograph."""
    from classicvision import dense_descriptors, extract_descriptors, read_image

    items = []
    for path in paths:
        image = read_image(path)
        found = dense_descriptors(image) if kind == "dense" else extract_descriptors(image, kind)
        items.append((*found, image.shape))
    return items


def split(labels, number):
    """Return the photographs to learn from and those to classify, drawn class by class."""
    rng = np.random.default_rng([SEED, number])
    training = np.concatenate(
        [rng.choice(np.flatnonzero(labels == c), TRAINING, replace=False) for c in set(labels)]
    )
    return np.sort(training), np.setdiff1d(np.arange(len(labels)), training)


def mean_accuracy(labels, found):
    return float(np.mean([(found[labels == c] == c).mean() for c in set(labels)]))


def measured(kind, items, labels, splits):
    """Return the accuracies of every encoding, one for each split."""
    from sklearn.svm import LinearSVC

    accuracies = {}
    for number in range(splits):
        training, testing = split(labels, number)
        begin = time.perf_counter()
        for name, rows in encoded(kind, items, training, number):
            classifier = LinearSVC(random_state=0).fit(rows[training], labels[training])
            accuracy = mean_accuracy(labels[testing], classifier.predict(rows[testing]))
            accuracies.setdefault(name, []).append(accuracy)
            print(f"{kind}, draw {number + 1}: {name} {accuracy:.3f}", file=sys.stderr)
        print(f"  {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    return accuracies


def table(kind, accuracies):
    """Return the accuracies as lines of text."""
    reference = np.array(next(iter(accuracies.values())))
    lines = [f"{kind}: accuracy, deviation, difference to the first"]
    for name, values in accuracies.items():
        values = np.array(values)
        difference = (values - reference).mean()
        lines.append(f"  {name:34}{values.mean():.3f}  {values.std():.3f}  {difference:+.3f}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--splits", type=int, default=10, metavar="N")
    parser.add_argument("--json", metavar="FILE", help="write every accuracy here as well")
    options = parser.parse_args()
    folder = Path(os.environ.get("CLASSICVISION_DATA") or os.devnull) / "caltech101_subset"
    if not folder.is_dir():
        raise SystemExit("set CLASSICVISION_DATA to the folder with caltech101_subset")
    paths = sorted(folder.glob("*/*.jpg"))
    labels = np.unique([path.parent.name for path in paths], return_inverse=True)[1]
    results = {}
    for kind in ("dense", "rootsift"):
        items = described(paths, kind)
        results[kind] = measured(kind, items, labels, options.splits)
        print(table(kind, results[kind]), flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
