"""Postings: by hand, and that merging gives what building at once does."""

import numpy as np
import pytest

from classicvision.retrieval.postings import (
    Postings,
    build_postings,
    merge_postings,
    quantize_angles,
    quantize_scales,
)


def build(lists, first_image=0, n_words=4):
    words = np.concatenate([np.zeros(0, np.int32), *(np.array(own, np.int32) for own in lists)])
    codes = 10 * words.astype(np.uint64) + np.arange(len(words), dtype=np.uint64)
    return build_postings(
        words,
        [len(own) for own in lists],
        n_words,
        signatures=codes,
        angles=codes.astype(np.uint8),
        scales=codes.astype(np.uint8),
        first_image=first_image,
    )


def assert_same(a: Postings, b: Postings):
    for name in ("offsets", "images", "signatures", "angles", "scales"):
        assert getattr(a, name).dtype == getattr(b, name).dtype
        assert getattr(a, name).tolist() == getattr(b, name).tolist(), name
    assert (a.n_images, a.first_image) == (b.n_images, b.first_image)


@pytest.mark.lane
def test_by_hand():
    part = build([[3, 0, 3], [], [0, 2]], first_image=7)
    assert part.offsets.tolist() == [0, 2, 2, 3, 5]
    assert part.images.tolist() == [0, 2, 2, 0, 0]
    assert part.signatures.tolist() == [1, 3, 24, 30, 32]
    assert (part.n_images, part.first_image, len(part)) == (3, 7, 5)


@pytest.mark.lane
def test_words_alone():
    part = build_postings(np.array([1, 0], np.int32), [2], 2)
    assert part.images.dtype == np.uint32
    assert part.signatures.shape == part.angles.shape == part.scales.shape == (0,)


@pytest.mark.lane
def test_merging_is_building_at_once():
    lists = [[3, 0, 3], [], [0, 2], [1], [], [3, 3, 3, 2]]
    whole = build(lists, first_image=5)
    parts, start = [], 0
    for first, last in [(0, 2), (2, 3), (3, 6)]:
        part = build(lists[first:last], first_image=5 + first)
        step = np.uint64(start)
        start += len(part)
        parts.append(
            Postings(
                part.offsets,
                part.images,
                part.signatures + step,
                (part.angles + step).astype(np.uint8),
                (part.scales + step).astype(np.uint8),
                part.n_images,
                part.first_image,
            )
        )
    assert_same(merge_postings(parts), whole)


def test_angles_and_scales_in_steps():
    turn = 2 * np.pi
    angles = quantize_angles(np.array([0, turn / 4, turn - 1e-3, -turn / 256, 3 * turn]))
    assert angles.tolist() == [0, 64, 0, 255, 0]
    scales = quantize_scales(np.array([1, 2, 1.0442737824, 2**-4, 1e-9, 1e9]))
    assert scales.tolist() == [64, 80, 65, 0, 0, 255]
