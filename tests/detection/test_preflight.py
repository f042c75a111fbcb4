"""Copies among crops, and what is said about data before a training."""

import re

import numpy as np
import pytest

import classicvision as cv
from classicvision.detection.samples import _cut as cut
from classicvision.detection.samples import (
    augment_samples,
    check_samples,
    remove_duplicates,
    resize_crops,
)


def textures(rng, n, size=24):
    """Crops that look like something: blurred noise of full contrast."""
    noise = rng.standard_normal((n, size, size))
    smooth = np.array([cv.gaussian(image, 2.0) for image in noise])
    return np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def naive_kept(images, threshold):
    rows = np.array([resize_crops(image[None], 16)[0].ravel() for image in images], float)
    rows -= rows.mean(axis=1, keepdims=True)
    kept = []
    for i, row in enumerate(rows):
        for j in kept:
            norms = np.linalg.norm(row) * np.linalg.norm(rows[j])
            if (images[i] == images[j]).all() or (norms > 0 and row @ rows[j] / norms > threshold):
                break
        else:
            kept.append(i)
    return kept


def test_duplicates_against_plain_loops(rng, monkeypatch):
    monkeypatch.setattr("classicvision.detection._preflight._BLOCK", 7)
    images = textures(rng, 20)
    near = augment_samples(images, 20, shift=0.02, scale=(1, 1), rotation=0.02, random_state=0)
    images = np.concatenate([images, near, images[:5], np.zeros((2, 24, 24), np.uint8)])
    images = images[rng.permutation(len(images))]
    for threshold in (0.5, 0.9, 0.98):
        assert remove_duplicates(images, threshold=threshold).tolist() == naive_kept(
            images, threshold
        )


def test_duplicates_under_other_light(rng):
    images = textures(rng, 3)
    dim = (images * 0.5 + 20).astype(np.uint8)
    assert remove_duplicates(np.concatenate([images, dim])).tolist() == [0, 1, 2]
    both = np.concatenate([images, dim, images])
    assert remove_duplicates(both, threshold=1).tolist() == [0, 1, 2, 3, 4, 5]
    flat = np.stack([np.full((9, 9), value, np.uint8) for value in (5, 6, 5)])
    assert remove_duplicates(flat).tolist() == [0, 1]
    with pytest.raises(ValueError, match="threshold must be at most 1"):
        remove_duplicates(flat, threshold=2)
    with pytest.raises(ValueError, match="images has no pixels"):
        remove_duplicates(flat[:0])


def backgrounds(rng, n=60, shape=(40, 50)):
    return [
        np.clip(128 + 300 * cv.gaussian(rng.standard_normal(shape), 1.5), 0, 255).astype(np.uint8)
        for _ in range(n)
    ]


def test_good_samples_pass(rng):
    assert check_samples(textures(rng, 60), backgrounds(rng)) == []
    assert check_samples(textures(rng, 60, 48), cv.Negatives(backgrounds(rng)), 24) == []


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda p, n: (p[:1], n, 24), ValueError, "cannot learn from 1 positive; augment_samples"),
        (lambda p, n: (p, n, (24, 30)), ValueError, "24 x 24 pixels, unlike the window of 24 x 30"),
        (lambda p, n: (p * 0, n, 24), ValueError, "the positives have no contrast at all"),
        (lambda p, n: (p, [], 24), ValueError, "there are no negatives; give images"),
        (lambda p, n: (p, [i[:20] for i in n], 24), ValueError, "none of 40 negatives looked at"),
        (lambda p, n: (p / 2, n, 24), TypeError, "positives must be of dtype uint8"),
        (lambda p, n: (p[0], n, 24), TypeError, "positives must have shape"),
        (lambda p, n: (p[:0], n, 24), ValueError, "positives has no pixels"),
    ],
)
def test_what_makes_training_impossible(rng, change, error, message):
    with pytest.raises(error, match=message):
        check_samples(*change(textures(rng, 60), backgrounds(rng)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p, n: (p[:40], n, 24), "only 40 positives: a detector needs hundreds"),
        (lambda p, n: (p, n[:2], 24), "only 2 negative images: a detector needs hundreds"),
        (lambda p, n: (p, n, 30), "of 24 x 24 pixels are smaller than the window of 30 x 30"),
        (
            lambda p, n: (np.concatenate([p, p[:3] * 0]), n, 24),
            "3 of 63 positives have no contrast, the first is number 60; remove them",
        ),
        (
            lambda p, n: (np.concatenate([p, p[:9]]), n, 24),
            r"9 of 69 positives are copies or near copies of others; keep positives\[",
        ),
        (
            lambda p, n: (p, [*n, *(i[:5] for i in n)], 24),
            "20 of 40 negatives looked at cannot be read or are smaller than the window",
        ),
        (
            lambda p, n: (p, [*n[:-1], p[0]], 24),
            r"1 of 40 negatives .* seem to show a positive, number 0 in negatives\[59\]; remove",
        ),
    ],
)
def test_what_is_said(rng, change, message):
    (line,) = check_samples(*change(textures(rng, 60), backgrounds(rng)))
    assert re.search(message, line)
    assert "\n" not in line


@pytest.mark.parametrize("size", [20, 33, 47.5, 80])
def test_positives_inside_negatives_are_found_at_any_size(rng, size):
    """The crops were cut from a photograph that is among the negatives."""
    photograph = backgrounds(rng, 1, (200, 240))[0]
    photograph = cv.gaussian(photograph, size / 20)
    boxes = rng.uniform(0, 100, (60, 2))
    boxes = np.column_stack([boxes, boxes + size])
    crops = np.array([cut(photograph, (*box[:2], size, size), (24, 24)) for box in boxes])
    negatives = [*backgrounds(rng, 59), photograph]
    found = [line for line in check_samples(crops, negatives) if "seem to show a positive" in line]
    assert len(found) == 1
    assert found[0].startswith("1 of 40")


@pytest.mark.slow
def test_faces_are_not_found_in_negatives(data_folder):
    faces = data_folder / "faces_lfw_gray48" / "lfw_gray48.npz"
    negatives = data_folder / "negatives" / "images"
    if not faces.exists() or not negatives.exists():
        pytest.skip("the data is not there")
    crops = cv.read_positives(faces, size=48)[::10]
    assert check_samples(crops, cv.Negatives(negatives)) == []
