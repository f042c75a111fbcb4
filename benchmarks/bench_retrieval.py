"""Words, encodings and a search, one thread, against NumPy, scikit-image, OpenCV and asmk."""

import cv2
import numpy as np
import skimage
from scipy.spatial.distance import cdist
from skimage import data
from skimage.feature import fisher_vector, learn_gmm
from sklearn.decomposition import PCA

from benchmarks.harness import SEED, Case, timed
from benchmarks.peers import asmk, opencv4

_LENGTH = 64  # of descriptors in Fisher vectors


def cases(quick):
    cv2.setNumThreads(1)
    images = [data.astronaut(), data.coffee(), data.rocket(), data.chelsea()]
    grays = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]
    descriptors = np.concatenate([_root_sift(gray) for gray in grays])
    rng = np.random.default_rng(SEED)
    rng.shuffle(descriptors)
    yield from _assignments(descriptors, [100] if quick else [1000, 4000])
    yield from _vlads(descriptors)
    yield from _fisher_vectors(descriptors, [300] if quick else [300, 500, 1000])
    yield from _bags_of_words(grays[0], descriptors, 100 if quick else 1000)
    yield _search(descriptors, *((50, 100) if quick else (4000, 500)))


def _root_sift(gray):
    descriptors = cv2.SIFT_create(contrastThreshold=0.01).detectAndCompute(gray, None)[1]
    return np.sqrt(descriptors / descriptors.sum(axis=1, keepdims=True))


def _vocabulary(descriptors, n_words):
    from classicvision import VisualVocabulary

    return VisualVocabulary(n_words, max_iterations=1, random_state=SEED).fit(descriptors)


def _assignments(descriptors, sizes):
    for n_words in sizes:
        vocabulary = _vocabulary(descriptors, n_words)
        centers = vocabulary.centers_
        rows = descriptors[:1000]
        half_norms = (centers**2).sum(axis=1) / 2
        matcher = cv2.BFMatcher(cv2.NORM_L2)
        matcher.add([centers])

        def product(rows=rows, centers=centers, half_norms=half_norms):
            return (half_norms - rows @ centers.T).argmin(axis=1)

        def matched(rows=rows, matcher=matcher):
            return np.array([match.trainIdx for match in matcher.match(rows)])

        peers = [
            (f"NumPy {np.__version__} product", product),
            (f"OpenCV {cv2.__version__}", matched),
        ]
        for name, peer in peers:
            yield Case(
                f"nearest of {n_words} words",
                f"{len(rows)}x128",
                name,
                timed(vocabulary.predict, rows),
                timed(peer),
                lambda ours, theirs: (ours != theirs).sum(),
                "words",
            )


def _vlads(descriptors):
    from classicvision import VLAD

    vocabulary = _vocabulary(descriptors, 64)
    centers, rows = vocabulary.centers_, descriptors[:500]
    encoder = VLAD(vocabulary=vocabulary).fit([rows])

    def with_distances():
        words = cdist(rows, centers).argmin(axis=1)
        sums = np.zeros_like(centers)
        for word in range(len(centers)):
            sums[word] = (rows[words == word] - centers[word]).sum(axis=0)
        sums = np.sign(sums) * np.sqrt(np.abs(sums))
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        return (sums / np.linalg.norm(sums)).reshape(1, -1)

    yield Case(
        "VLAD, 64 words",
        f"{len(rows)}x128",
        f"NumPy {np.__version__}, SciPy's cdist",
        timed(encoder.transform, [rows]),
        timed(with_distances),
        lambda ours, theirs: np.abs(ours - theirs).max(),
    )


def _fisher_vectors(descriptors, counts):
    from classicvision import FisherVector

    reduced = PCA(_LENGTH, random_state=SEED).fit_transform(descriptors)
    for dtype in (np.float32, np.float64):
        mixture = learn_gmm(
            reduced.astype(dtype),
            n_modes=64,
            gm_args={"covariance_type": "diag", "random_state": SEED, "max_iter": 10, "tol": 1e-1},
        )
        encoder = FisherVector(mixture=mixture, descriptor_pca=None)
        for count in counts:
            rows = reduced[:count].astype(np.float32)
            encoder.fit([rows])
            yield Case(
                f"Fisher vector, 64 Gaussians {np.dtype(dtype).name}",
                f"{count}x{_LENGTH}",
                f"scikit-image {skimage.__version__}",
                timed(encoder.transform, [rows]),
                timed(fisher_vector, rows, mixture, improved=True),
                _fisher_difference,
            )


def _fisher_difference(ours, theirs):
    theirs = theirs[64:] / np.linalg.norm(theirs[64:])  # without the weights
    theirs[len(theirs) // 2 :] *= -1  # the sign of the second order
    return np.abs(ours[0] - theirs).max()


def _bags_of_words(gray, descriptors, n_words):
    """From the photograph and its keypoints to the shares of the words, SIFT included."""
    import classicvision.compat.opencv as compat

    peer = opencv4()
    vocabulary = descriptors[:n_words] * 512
    peer.put("bag of words", gray)
    peer.put("vocabulary", vocabulary)
    sift = cv2.SIFT_create(1000)
    keypoints = sift.detect(gray, None)
    extractor = compat.BOWImgDescriptorExtractor(sift, cv2.BFMatcher(cv2.NORM_L2))
    extractor.setVocabulary(vocabulary)
    yield Case(
        f"BOWImgDescriptorExtractor, {n_words} words",
        f"{len(keypoints)} keypoints",
        f"OpenCV {peer.about['version']}",
        timed(extractor.compute, gray, keypoints),
        peer.timed("bag_of_words", image="bag of words", vocabulary="vocabulary", keypoints=1000),
        lambda ours, theirs: np.abs(ours - np.float32(theirs)).max(),
    )


def _search(descriptors, n_words, n_images, per_image=500):
    """From the descriptors of one picture to all the others, ranked.

    Pictures are drawn from the descriptors of four photographs. The peer, which adds up those of a
    word, gives the same words other scores.
    """
    from classicvision import HammingEmbedding, InvertedIndex

    rng = np.random.default_rng(SEED)
    vocabulary = _vocabulary(descriptors, n_words)
    pictures = descriptors[rng.integers(len(descriptors), size=(n_images + 1, per_image))]
    library, query = pictures[:-1], pictures[-1]
    embedding = HammingEmbedding(random_state=SEED)
    embedding.fit(descriptors, vocabulary.predict(descriptors), n_words)

    def described(rows):
        words = vocabulary.predict(rows)
        return words, embedding.transform(rows, words)

    words, signatures = zip(*map(described, library), strict=True)
    index = InvertedIndex(n_words)
    index.add(words, signatures=signatures)

    def ours():
        words, signatures = described(query)
        return index.search(words, signatures=signatures, top=None)

    peer = asmk()
    for name, array in (("words", vocabulary.centers_), ("query", query)):
        peer.put(name, array)
    peer.put("library", np.concatenate(library))
    peer.put("pictures", np.repeat(np.arange(n_images), per_image))
    peer.ask("build", words="words", descriptors="library", images="pictures")
    return Case(
        f"search with signatures, {n_words} words",
        f"{per_image} in {n_images}",
        f"asmk {peer.about['version']}",
        timed(ours),
        peer.timed("search", descriptors="query"),
        None,
    )
