"""Mining: what is found passes, whatever the number of workers and however often it stops."""

import numpy as np
import pytest

import classicvision as cv
from classicvision.detection.cascade import CascadeDetector
from classicvision.detection.cascade_growing import first_stages
from classicvision.detection.cascade_layers import find_layers
from classicvision.detection.negative_mining import Cursor, Mined, NegativeMiner


@pytest.fixture(scope="module")
def detector():
    """Two stages of OpenCV's face cascade: they pass one of some ten windows."""
    return CascadeDetector(first_stages(CascadeDetector.load("frontalface")._cascade, 2))


@pytest.fixture(scope="module")
def images():
    camera = cv.sample_image("camera")[..., 0]
    return [camera[:200, :300], camera[200:, 100:350].copy(), camera[100:130, :26], camera[:20]]


def nothing(window):
    return Mined(np.zeros((0, *window[::-1]), np.uint8), Cursor())


def mine(images, detector, count, found=None, report=lambda mined: None, **options):
    options = {"expected": 1.0, "budget": 10**9, **options}
    n_jobs, seed = options.pop("n_jobs", None), options.pop("seed", 0)
    miner = NegativeMiner(images, (24, 24), 1.1, 20, seed, True, n_jobs)
    found = nothing((24, 24)) if found is None else found
    return miner.mine(detector, found, count, report=report, **options)


def test_all_that_is_found_passes(images, detector):
    mined = mine(images, detector, 70)
    assert mined.crops.shape == (70, 24, 24)
    assert all(len(detector.scan(crop, 1, (1, 1))[0]) for crop in mined.crops)
    assert 0 < mined.passed < mined.windows


def test_the_first_search_takes_any_windows_with_contrast(images):
    mined = mine([*images, np.full((90, 90), 7, np.uint8)], None, 50)
    assert len(mined.crops) == 50
    assert (mined.crops[:, 1:-1, 1:-1].std(axis=(1, 2)) > 10).all()


def test_the_number_of_workers_does_not_matter(images, detector):
    one, two = (mine(images, detector, 90, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(one.crops, two.crops)
    assert (one.cursor, one.windows, one.passed) == (two.cursor, two.windows, two.passed)


def test_it_goes_on_where_it_stopped(images, detector):
    states = []
    whole = mine(images, detector, 150, report=states.append)
    assert len(states) > 3
    for state in states[:-1]:
        again = mine(images, detector, 150, found=state)
        np.testing.assert_array_equal(again.crops, whole.crops)
        assert (again.cursor, again.windows) == (whole.cursor, whole.windows)


def test_rounds_are_different_windows(images, detector):
    mined = mine(images, detector, 150)
    assert mined.cursor.round > 1
    assert len(np.unique(mined.crops.reshape(150, -1), axis=0)) > 140


def windows_of(image):
    layers = find_layers((24, 24), image.shape, 1.1, None, None)
    return sum(columns * rows for columns, rows in (layer.lattice for layer in layers))


def test_the_budget_ends_the_search(images, detector):
    mined = mine(images, detector, 10**6, expected=1e-3, budget=50_000)
    assert mined.windows >= 50_000
    assert len(mined.crops) < 10**6
    assert mined.windows < 50_000 + max(map(windows_of, images))


def test_every_window_is_searched_where_few_may_pass(images, detector):
    mined = mine(images[:1], detector, 1, expected=1e-9)
    assert mined.windows == windows_of(images[0])
    assert mined.passed == len(detector.detect_windows(images[0], 1.1)[0])


def test_a_part_is_searched_where_many_may_pass(images, detector):
    mined = mine(images[:1], detector, 1, expected=0.1)
    assert 0 < mined.windows < windows_of(images[0]) / 4


def test_a_round_that_falls_between_the_rows_is_not_the_end(detector):
    """Of a large image a row or none is searched, if most windows may pass."""
    image = np.random.default_rng(0).integers(0, 256, (600, 800)).astype(np.uint8)
    states = []
    mined = mine([image], detector.first_stages(1), 60, expected=8.0, report=states.append)
    assert any(state.windows == 0 for state in states)
    assert len(mined.crops) == 60


def test_images_that_are_too_small_end_the_search():
    mined = mine([np.zeros((10, 50), np.uint8)], None, 5, budget=100)
    assert len(mined.crops) == 0


def test_images_that_hold_nothing_new_end_the_search(images, detector):
    mined = mine([images[2], images[3]], detector, 10**6)
    assert mined.images == 400
    assert mined.cursor.round == 200
    assert len(mined.crops) < 20 * 400


@pytest.mark.slow
def test_workers_of_a_dask_cluster_find_the_same(images, detector):
    distributed = pytest.importorskip("distributed", reason="the extra 'distributed' is missing")
    joblib = pytest.importorskip("joblib")
    here = mine(images, detector, 60)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        there = mine(images, detector, 60)
    np.testing.assert_array_equal(there.crops, here.crops)
    assert (there.cursor, there.windows, there.passed) == (here.cursor, here.windows, here.passed)
