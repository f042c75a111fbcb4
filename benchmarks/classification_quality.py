"""How well encodings and a linear classifier tell the objects of photographs.

``caltech101_subset``: 15 photographs of each class to learn from, all others to be classified,
10 times with other photographs drawn by chance. All encodings get the same descriptors of a
photograph; words, components and Gaussians are learned from the photographs to learn from alone.
The accuracy is the mean over the classes, its deviation that over the draws, and the difference to
the bag of words is between the same draws.

The sides of the dense windows, those of VLFeat's PHOW or one of three ladders of doubled sides, are
chosen for every draw among the photographs to learn from alone: those whose bag of words, learned
from ten of each class, tells the other five apart best, in the mean over five draws.

``python -m benchmarks.classification_quality [--splits N] [--json FILE]`` needs
``CLASSICVISION_DATA``, and takes about half an hour on one core.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

SEED, TRAINING = 0, 15
WINDOWS = (16, 24, 32, 40), (16, 32, 64), (24, 48, 96), (32, 64, 128)  # pixels
_INNER, _INNER_DRAWS, _INNER_WORDS = 10, 5, 500  # photographs of each class, draws, and words
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


def described(paths, kind, windows=None):
    """Return (keypoints, descriptors, shape) of every photograph."""
    from classicvision import dense_descriptors, extract_descriptors, read_image

    items = []
    for path in paths:
        image = read_image(path)
        if kind == "dense":
            found = dense_descriptors(image, sizes=windows)
        else:
            found = extract_descriptors(image, kind)
        items.append((*found, image.shape))
    return items


def split(labels, number):
    """Return the photographs to learn from and those to classify, drawn class by class."""
    rng = np.random.default_rng([SEED, number])
    training = _drawn(labels, np.arange(len(labels)), TRAINING, rng)
    return training, np.setdiff1d(np.arange(len(labels)), training)


def _drawn(labels, photographs, count, rng):
    """Return so many of the photographs of each class, in ascending order."""
    own = [photographs[labels[photographs] == c] for c in set(labels)]
    return np.sort(np.concatenate([rng.choice(each, count, replace=False) for each in own]))


def mean_accuracy(labels, found):
    return float(np.mean([(found[labels == c] == c).mean() for c in set(labels)]))


def classified(rows, labels, training, testing):
    """Return the accuracy of a linear classifier."""
    from sklearn.svm import LinearSVC

    classifier = LinearSVC(random_state=0).fit(rows[training], labels[training])
    return mean_accuracy(labels[testing], classifier.predict(rows[testing]))


def chosen_windows(paths, labels, splits):
    """Return the windows for each draw, chosen among its photographs to learn from."""
    accuracies = np.zeros((splits, len(WINDOWS)))
    for column, windows in enumerate(WINDOWS):
        items = described(paths, "dense", windows)
        for number in range(splits):
            training, _ = split(labels, number)
            rng = np.random.default_rng([SEED, number, 1])
            draws = [_drawn(labels, training, _INNER, rng) for _ in range(_INNER_DRAWS)]
            found = [_bag_accuracy(items, labels, training, inner, rng) for inner in draws]
            accuracies[number, column] = np.mean(found)
        print(f"windows of {windows}: {accuracies[:, column].mean():.3f}", file=sys.stderr)
    return [WINDOWS[column] for column in accuracies.argmax(axis=1)]


def _bag_accuracy(items, labels, training, inner, rng):
    """Return how well bags of words learned from some photographs tell the others apart."""
    from classicvision import BagOfWords, VisualVocabulary

    learned_from = [items[i] for i in inner]
    sample = [rows[rng.permutation(len(rows))[:_SAMPLE]] for _, rows, _ in learned_from]
    words = VisualVocabulary(_INNER_WORDS, random_state=0).fit(sample)
    bags = np.zeros((len(labels), _INNER_WORDS), np.float32)
    own = [items[i] for i in training]
    bags[training] = BagOfWords(vocabulary=words).fit(learned_from).transform(own)
    return classified(bags, labels, inner, np.setdiff1d(training, inner))


def measured(kind, items, labels, numbers):
    """Return by number of the draw the accuracies of every encoding."""
    accuracies = {}
    for number in numbers:
        training, testing = split(labels, number)
        begin = time.perf_counter()
        for name, rows in encoded(kind, items, training, number):
            accuracy = classified(rows, labels, training, testing)
            accuracies.setdefault(name, {})[number] = accuracy
            print(f"{kind}, draw {number + 1}: {name} {accuracy:.3f}", file=sys.stderr)
        print(f"  {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    return accuracies


def measured_dense(paths, labels, splits):
    """Return the accuracies with the windows that were chosen for each draw."""
    chosen = chosen_windows(paths, labels, splits)
    accuracies = {}
    for windows in sorted(set(chosen)):
        numbers = [number for number in range(splits) if chosen[number] == windows]
        print(f"dense windows of {windows} in {len(numbers)} of {splits} draws", flush=True)
        found = measured("dense", described(paths, "dense", windows), labels, numbers)
        for name, values in found.items():
            accuracies.setdefault(name, {}).update(values)
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
        if kind == "dense":
            found = measured_dense(paths, labels, options.splits)
        else:
            found = measured(kind, described(paths, kind), labels, range(options.splits))
        results[kind] = {name: [own[i] for i in sorted(own)] for name, own in found.items()}
        print(table(kind, results[kind]), flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
