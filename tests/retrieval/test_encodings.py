"""Bags of words, VLAD and Fisher vectors: their values, and what scikit-learn wants of them."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from classicvision.results import Keypoints
from classicvision.retrieval.bag_of_words import BagOfWords
from classicvision.retrieval.fisher import FisherVector
from classicvision.retrieval.vlad import VLAD
from classicvision.retrieval.vocabulary import VisualVocabulary
from tests.naive import encodings as naive

ENCODERS = [
    BagOfWords(5, random_state=0),
    VLAD(3, random_state=0),
    FisherVector(3, descriptor_pca=None, random_state=0),
]


def images_of(rng, count=8, rows=30, d=4):
    return [rng.normal(size=(rows + i, d)).astype(np.float32) for i in range(count)]


def words_of(images, count=5):
    return VisualVocabulary(count, method="kmeans", random_state=0).fit(images)


# ---- bags of words


@pytest.mark.lane
def test_counts_frequencies_and_weights(rng):
    images = images_of(rng, 4, 12)
    vocabulary = words_of(images)
    counts = [
        np.bincount(naive.nearest_words(image, vocabulary.centers_)[0][:, 0], minlength=5)
        for image in images
    ]
    plain = {"vocabulary": vocabulary, "normalization": None}

    def encoded(**options):
        return BagOfWords(**{**plain, **options}).fit(images).transform(images)

    assert np.array_equal(encoded(term_frequency="count"), counts)
    assert np.allclose(encoded(term_frequency="sqrt"), np.sqrt(counts))
    assert np.array_equal(encoded(term_frequency="binary"), np.array(counts) > 0)
    found = encoded(term_frequency="count", idf=True)
    assert np.allclose(found, counts * np.log(4 / vocabulary.document_frequencies_))
    found = encoded(term_frequency="count", normalization="l1")
    assert np.allclose(found, counts / np.sum(counts, axis=1, keepdims=True))
    hellinger = encoded(term_frequency="count", normalization="hellinger")
    assert np.allclose(hellinger, np.sqrt(found))
    assert np.allclose(hellinger, encoded(term_frequency="sqrt", normalization="l2"))


@pytest.mark.lane
@pytest.mark.parametrize("k", [1, 3, 99])
def test_soft_assignment(rng, k):
    images = images_of(rng, 3, 6)
    vocabulary = words_of(images)
    options = {"term_frequency": "count", "normalization": None, "n_nearest": k}
    bag = BagOfWords(vocabulary=vocabulary, assignment="soft", bandwidth=0.7, **options)
    expected = [naive.soft_counts(image, vocabulary.centers_, min(k, 5), 0.7) for image in images]
    assert np.allclose(bag.fit(images).transform(images), expected)
    assert bag.bandwidth_ == 0.7
    learned = clone(bag).set_params(bandwidth=None).fit(images)
    squared = np.concatenate([naive.nearest_words(i, vocabulary.centers_)[1] for i in images])
    assert learned.bandwidth_ == pytest.approx(np.sqrt(squared.mean() / 4))


@pytest.mark.lane
def test_spatial_pyramid(rng):
    shape = (20, 31)
    images = []
    for image in images_of(rng, 3, 10):
        points = rng.uniform(-0.5, [30.5, 19.5], (len(image), 2)).astype(np.float32)
        images.append((points, image, shape))
    images.append((np.zeros((0, 2)), np.zeros((0, 4)), shape))
    vocabulary = words_of([image for _, image, _ in images])
    options = {"term_frequency": "count", "normalization": None}
    bag = BagOfWords(vocabulary=vocabulary, pyramid_levels=3, **options).fit(images)
    expected = [
        naive.pyramid_counts(image, points, shape, vocabulary.centers_, 3)
        for points, image, _ in images
    ]
    assert np.allclose(bag.transform(images), expected)
    binary = clone(bag).set_params(term_frequency="binary").fit(images).transform(images)
    levels = np.repeat([1 / 4, 1 / 4, 1 / 2], np.array([1, 4, 16]) * len(vocabulary.centers_))
    assert np.array_equal(binary, (np.array(expected) > 0) * levels)
    ones = np.ones(len(images[0][0]))
    keypoints = Keypoints(images[0][0], ones, ones, ones)
    for same in (shape, (*shape, 3), [*shape, 3], np.array(shape), np.array([*shape, 3])):
        assert np.allclose(bag.transform([(keypoints, images[0][1], same)]), expected[:1])
    with pytest.raises(ValueError, match="pyramid_levels above 1 needs the places"):
        bag.transform([images[0][1]])


def test_the_idf_is_that_of_the_vocabulary_where_it_has_one(rng):
    images = images_of(rng, 6, 3)
    vocabulary = words_of(images)
    found = BagOfWords(vocabulary=vocabulary, idf=True).fit(images[:2])
    assert np.array_equal(found.idf_, vocabulary.idf_)
    without = VisualVocabulary(5, random_state=0).fit(np.concatenate(images))
    assert BagOfWords(5, random_state=0).fit(images).vocabulary_.document_frequencies_ is None
    learned = BagOfWords(5, idf=True, random_state=0).fit(images)
    assert np.array_equal(learned.idf_, learned.vocabulary_.idf_)
    found = BagOfWords(vocabulary=without, idf=True).fit(images)
    assert np.array_equal(found.idf_, without.count_images(images).idf_)


# ---- VLAD


@pytest.mark.lane
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize("intra", [False, True])
def test_vlad_equals_its_definition(rng, residual, root, intra):
    images = images_of(rng, 3, 7)
    vocabulary = words_of(images_of(rng, 3, 7), 4)  # of its own images' all differences cancel
    images.append(vocabulary.centers_[:1].copy())  # a difference of zero
    encoder = VLAD(
        vocabulary=vocabulary,
        residual_normalization=residual,
        signed_root=root,
        intra_normalization=intra,
    )
    found = encoder.fit(images).transform(images)
    expected = [
        naive.vlad(i, vocabulary.centers_, residual=residual, root=root, intra=intra)
        for i in images
    ]
    assert found.dtype == np.float32
    # Roots of differences that all but cancel double the digits that float32 loses.
    assert np.allclose(found, expected, atol=1e-3 if root else 1e-5)


@pytest.mark.parametrize("whiten", [False, True, 1])
def test_vlad_in_principal_components(rng, whiten):
    from sklearn.decomposition import PCA

    images = [*images_of(rng, 12), np.zeros((0, 4))]
    full = VLAD(3, random_state=0).fit(images)
    reduced = VLAD(3, n_components=5, whiten=whiten, random_state=0)
    found = reduced.fit_transform(images)
    expected = PCA(5, whiten=bool(whiten), random_state=0).fit_transform(full.transform(images))
    expected = expected[:-1] / np.linalg.norm(expected[:-1], axis=1, keepdims=True)
    assert np.allclose(found[:-1], expected, atol=1e-4)
    assert not found[-1].any()
    with pytest.raises(ValueError, match="n_components must be at most 3, the smaller of"):
        reduced.fit(images[:3])


@pytest.mark.parametrize("seed", [np.int64(3), 3, np.random.RandomState])
def test_principal_components_are_the_same_for_a_seed(rng, seed):
    images = list(rng.random((600, 8, 64)))  # so many that they are found at random
    vocabulary = words_of(images[:4], 9)

    def encoded():
        state = seed(3) if seed is np.random.RandomState else seed
        encoder = VLAD(vocabulary=vocabulary, n_components=3, random_state=state)
        return encoder.fit_transform(images)

    assert np.array_equal(encoded(), encoded())


# ---- Fisher vectors


def fitted_mixture(images, k=3, dtype=np.float32):
    mixture = GaussianMixture(k, covariance_type="diag", random_state=0, reg_covar=0.1)
    return mixture.fit(np.concatenate(images).astype(dtype))


@pytest.mark.lane
def test_fisher_vector_equals_its_definition(rng):
    images = images_of(rng, 3, 10)
    mixture = fitted_mixture(images)
    options = {"mixture": mixture, "descriptor_pca": None, "improved": False}
    found = FisherVector(**options, weights=True).fit(images).transform(images)
    for image, row in zip(images, found, strict=True):
        parts = naive.fisher_vector(image, mixture.weights_, mixture.means_, mixture.covariances_)
        expected = np.concatenate([part.ravel() for part in parts])
        assert np.allclose(row, expected, atol=2e-4)  # what counts as none, of 10 descriptors
    chosen = FisherVector(**options, second_order=False).fit(images).transform(images)
    assert np.allclose(chosen, found[:, 3:15])
    improved = FisherVector(mixture=mixture, descriptor_pca=None).fit(images).transform(images)
    roots = np.sign(found[:, 3:]) * np.sqrt(np.abs(found[:, 3:]))
    assert np.allclose(improved, roots / np.linalg.norm(roots, axis=1, keepdims=True), atol=1e-5)


def test_fisher_vector_of_descriptors_far_from_those_learned(rng):
    images = images_of(rng, 3, 10)
    mixture = fitted_mixture(images)
    far = images[0] * np.float32(1e5)
    encoder = FisherVector(mixture=mixture, descriptor_pca=None, improved=False).fit(images)
    parts = naive.fisher_vector(far, mixture.weights_, mixture.means_, mixture.covariances_)
    expected = np.concatenate([part.ravel() for part in parts[1:]])
    assert np.allclose(encoder.transform([far])[0], expected, rtol=1e-4)


@pytest.mark.parametrize("offset", [0, 500])
def test_fisher_vector_equals_that_of_scikit_image(rng, offset):
    from skimage.feature import fisher_vector

    images = [10 * image + offset for image in images_of(rng, 5, 400, 16)]
    mixture = fitted_mixture(images, 8, np.float64)
    encoder = FisherVector(mixture=mixture, descriptor_pca=None, improved=False, weights=True)
    found = encoder.fit(images).transform(images)
    for image, row in zip(images, found, strict=True):
        expected = fisher_vector(image.astype(np.float64), mixture)
        expected[8 + 8 * 16 :] *= -1  # the sign of the second order
        assert np.allclose(row, expected, atol=2e-5 if offset == 0 else 2e-4)


@pytest.mark.parametrize("seed", range(4))
def test_fisher_vector_learned_from_many_equal_descriptors(seed):
    rng = np.random.default_rng(seed)
    textured = rng.random((900, 128)).astype(np.float32)
    textured /= np.linalg.norm(textured, axis=1, keepdims=True)
    flat = np.zeros((600, 128), np.float32)  # as dense descriptors of a wall
    encoder = FisherVector(3, random_state=0).fit([textured, flat])
    assert encoder.mixture_.covariances_.min() > 0.999e-6  # scikit-learn adds 1e-6 to each
    assert np.isfinite(encoder.transform([textured, flat])).all()


def test_fisher_vector_of_descriptors_in_principal_components(rng):
    images = images_of(rng, 6, 60, 12)
    encoder = FisherVector(4, descriptor_pca=5, random_state=0).fit(images)
    reduced = [encoder.pca_.transform(image).astype(np.float32) for image in images]
    direct = FisherVector(mixture=encoder.mixture_, descriptor_pca=None).fit(reduced)
    assert encoder.transform(images).shape == (6, 2 * 4 * 5)
    assert np.allclose(encoder.transform(images), direct.transform(reduced), atol=1e-5)


def test_a_sample_of_descriptors_is_learned_from(rng):
    images = images_of(rng, 6, 60)
    some = FisherVector(3, max_descriptors=50, random_state=0).fit(images)
    again = FisherVector(3, max_descriptors=50, random_state=0).fit(images)
    assert np.array_equal(some.mixture_.means_, again.mixture_.means_)
    every = FisherVector(3, random_state=0).fit(images)
    assert not np.array_equal(some.mixture_.means_, every.mixture_.means_)


# ---- all


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda e: type(e).__name__)
class TestEveryEncoder:
    def test_rows_do_not_depend_on_the_other_images(self, rng, encoder):
        images = [*images_of(rng), np.zeros((0, 4), np.uint8), []]
        encoder = clone(encoder)
        rows = encoder.fit_transform(images)
        assert rows.dtype == np.float32
        assert rows.flags.c_contiguous
        assert rows.shape == (10, len(encoder.get_feature_names_out()))
        assert np.array_equal(rows, encoder.transform(iter(images)))
        assert np.array_equal(rows[3:4], encoder.transform(images[3:4]))
        assert not rows[8:].any()
        assert encoder.transform([]).shape == (0, rows.shape[1])

    def test_jobs_change_nothing(self, rng, encoder):
        images = images_of(rng)
        alone = clone(encoder).fit_transform(images)
        together = clone(encoder).set_params(n_jobs=2).fit(images)
        assert np.array_equal(alone, together.transform(images))

    def test_other_numbers_and_layouts(self, rng, encoder):
        images = [rng.integers(0, 9, (20, 4), np.uint8) for _ in range(5)]
        expected = clone(encoder).fit_transform(images)
        for dtype in (np.float32, np.float64, np.int16, ">f4"):
            others = [np.asfortranarray(image.astype(dtype)) for image in images]
            for other in others:
                other.flags.writeable = False
            assert np.array_equal(clone(encoder).fit_transform(others), expected)

    def test_pipelines_and_grids_over_lists(self, rng, encoder):
        labels = [0, 1] * 12
        images = [rng.normal(1.5 * label, 1, (40, 4)).astype(np.float32) for label in labels]
        model = make_pipeline(clone(encoder), LinearSVC(random_state=0))
        assert cross_val_score(model, images, labels, cv=3).mean() > 0.9
        name = "n_gaussians" if isinstance(encoder, FisherVector) else "n_words"
        step = model.steps[0][0]
        grid = GridSearchCV(
            make_pipeline(clone(encoder), LogisticRegression()), {f"{step}__{name}": [2, 4]}, cv=2
        )
        assert grid.fit(images, labels).best_score_ > 0.9
        assert grid.best_estimator_.predict(images[:2]).tolist() == [0, 1]

    def test_what_is_given_fitted_stays_fitted_in_clones(self, rng, encoder):
        images = images_of(rng)
        if isinstance(encoder, FisherVector):
            given = clone(encoder).set_params(mixture=fitted_mixture(images))
            kept = "mixture"
        else:
            given = clone(encoder).set_params(vocabulary=words_of(images))
            kept = "vocabulary"
        again = clone(given)
        assert getattr(again, kept) is getattr(given, kept)
        assert np.array_equal(again.fit_transform(images[:2]), given.fit_transform(images)[:2])
        with pytest.raises(ValueError, match=f"{kept} must be one of descriptors of length 3"):
            again.fit([image[:, :3] for image in images])

    def test_fitted_ones_can_be_pickled_for_other_processes(self, rng, encoder):
        images = images_of(rng)
        encoder = clone(encoder).fit(images)
        again = pickle.loads(pickle.dumps(encoder))
        assert np.array_equal(again.transform(images), encoder.transform(images))

    def test_huge_descriptors_have_encodings(self, rng, encoder):
        images = images_of(rng)
        huge = [1e12 * image.clip(-1, 1) for image in images]
        for learned_from in (images, huge):
            rows = clone(encoder).fit(learned_from).transform(huge)
            assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)

    @pytest.mark.parametrize("features", ["rootsift", "dense"])
    def test_images_and_features(self, encoder, photographs, features):
        images = [photographs["camera"][:200, :200], photographs["astronaut"][:150, :150]]
        encoder = clone(encoder).set_params(features=features)
        rows = encoder.fit_transform(images)
        assert np.isfinite(rows).all()
        assert rows.any(axis=1).all()
        if features == "rootsift":  # of which there are none in the dark
            assert not encoder.transform([np.zeros((64, 64), np.uint8)]).any()

    def test_a_callable_and_paths(self, encoder, tmp_path, photographs):
        from classicvision.features.descriptors import extract_descriptors
        from classicvision.images import write_image

        image = photographs["camera"][100:300, 100:300]
        write_image(tmp_path / "camera.png", image)
        named = clone(encoder).set_params(features="sift")
        called = clone(encoder).set_params(features=lambda i: extract_descriptors(i, "sift"))
        expected = named.fit_transform([image])
        assert np.array_equal(called.fit_transform([image]), expected)
        assert np.array_equal(named.transform([str(tmp_path / "camera.png")]), expected)

    @pytest.mark.parametrize("shape", [(60, 80), (60, 80, 3)])
    def test_a_single_image_is_refused(self, encoder, shape):
        image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        encoder = clone(encoder).set_params(features="rootsift")
        with pytest.raises(TypeError, match="X must be a list of images, got an array"):
            encoder.fit(image)
        assert len(encoder.fit_transform(image[None])) == 1

    @pytest.mark.parametrize(
        ("X", "error", "message"),
        [
            (5, TypeError, "X must be a list with one item for each image, got 5"),
            ("images", TypeError, "X must be a list with one item for each image"),
            ([np.eye(4), np.zeros(4)], TypeError, r"X\[1\]: descriptors must be an array"),
            ([np.full((2, 4), np.nan)], ValueError, r"X\[0\]: descriptors have values that"),
            ([np.eye(4), -1.1e12 * np.eye(4)], ValueError, r"X\[1\]: .* beyond 1e\+12; drop"),
            ([np.full((2, 4), 10**18)], ValueError, r"X\[0\]: .* beyond 1e\+12; drop"),
            ([np.eye(4), np.eye(3)], ValueError, "X must have descriptors of one length, got 3, 4"),
            ([], ValueError, "descriptors of one length, got no descriptors at all"),
            ([[], []], ValueError, "got no descriptors at all"),
            ([(np.eye(2), np.eye(2), None)], TypeError, r"image shape must be \(rows, columns\)"),
            ([(1, 2)], ValueError, r"X\[0\]: must be an array .* got a tuple of 2"),
            ([(np.zeros((3, 2)), np.eye(4), (5, 5))], ValueError, "one keypoint for each desc"),
        ],
    )
    def test_items_are_checked(self, encoder, X, error, message):
        with pytest.raises(error, match=message):
            clone(encoder).fit(X)

    def test_options_are_checked(self, rng, encoder):
        images = images_of(rng, 2)
        with pytest.raises(ValueError, match="features must be one of 'sift', 'rootsift'"):
            clone(encoder).set_params(features="surf").fit(images)
        with pytest.raises(TypeError, match=r"X.0.: features must return \(keypoints, descri"):
            clone(encoder).set_params(features=lambda image: image).fit(images)
        with pytest.raises(ValueError, match="n_jobs must not be 0"):
            clone(encoder).set_params(n_jobs=0).fit(images)
        with pytest.raises(TypeError, match="random_state must be None, an integer"):
            clone(encoder).set_params(random_state="x").fit(images)
        with pytest.raises(
            ValueError, match="X must have descriptors of length 4 as those that were"
        ):
            clone(encoder).fit(images).transform([np.eye(5)])


@pytest.mark.parametrize(
    ("encoder", "error", "message"),
    [
        (BagOfWords(0), ValueError, "n_words must be at least 1, got 0"),
        (BagOfWords(assignment="hart"), ValueError, "assignment must be one of 'hard', 'soft'"),
        (BagOfWords(term_frequency="log"), ValueError, "term_frequency must be one of"),
        (BagOfWords(normalization="max"), ValueError, "normalization must be one of"),
        (BagOfWords(pyramid_levels=0), ValueError, "pyramid_levels must be at least 1"),
        (BagOfWords(bandwidth=0), ValueError, "bandwidth must be greater than 0"),
        (BagOfWords(n_nearest=0), ValueError, "n_nearest must be at least 1"),
        (BagOfWords(idf="x"), TypeError, "idf must be True or False, got 'x'"),
        (BagOfWords(vocabulary=5), TypeError, "vocabulary must be a VisualVocabulary or None"),
        (BagOfWords(500), ValueError, "descriptors must be at least n_words = 500, got"),
        (VLAD(residual_normalization="x"), TypeError, "residual_normalization must be True or F"),
        (VLAD(signed_root=2), TypeError, "signed_root must be True or False, got 2"),
        (FisherVector(first_order="x"), TypeError, "first_order must be True or False, got 'x'"),
        (FisherVector(second_order=None), TypeError, "second_order must be True or False, got N"),
        (FisherVector(weights=2), TypeError, "weights must be True or False, got 2"),
        (FisherVector(improved="x"), TypeError, "improved must be True or False, got 'x'"),
        (VLAD(whiten=True), ValueError, "whiten=True must have n_components"),
        (VLAD(n_components=0), ValueError, "n_components must be at least 1"),
        (FisherVector(0), ValueError, "n_gaussians must be at least 1"),
        (FisherVector(500), ValueError, "at least n_gaussians = 500 descriptors"),
        (FisherVector(mixture=1), TypeError, "mixture must be a GaussianMixture, got 1"),
        (
            FisherVector(mixture=GaussianMixture(covariance_type="diag")),
            ValueError,
            "descriptor_pca must be None with a mixture",
        ),
        (
            FisherVector(mixture=GaussianMixture(), descriptor_pca=None),
            TypeError,
            "mixture must be a GaussianMixture with covariance_type='diag'",
        ),
        (
            FisherVector(mixture=GaussianMixture(covariance_type="diag"), descriptor_pca=None),
            ValueError,
            "mixture must be fitted",
        ),
        (
            FisherVector(first_order=False, second_order=False),
            ValueError,
            "one of first_order, second_order and weights must be True",
        ),
    ],
)
def test_options_of_one_encoder(rng, encoder, error, message):
    with pytest.raises(error, match=message):
        encoder.fit(images_of(rng, 2))


def test_a_vocabulary_that_is_not_fitted_is_copied_and_fitted(rng):
    images = images_of(rng)
    plan = VisualVocabulary(4, method="kmeans", random_state=1)
    bag = BagOfWords(vocabulary=plan).fit(images)
    assert bag.vocabulary_ is not plan
    assert np.array_equal(bag.vocabulary_.centers_, clone(plan).fit(images).centers_)
    assert clone(bag).set_params(vocabulary__n_words=7).vocabulary is not plan
    assert plan.n_words == 4
