"""``classicvision warmup``: compile everything now, so that nothing has to be compiled later."""

import time

import click

from classicvision.cli._messages import result


@click.command("warmup")
def warmup():
    """Compile all loops now and keep them in Numba's cache.

    What the other commands need, and the library's functions with their usual options, for
    images of 8 bits and of float32, gray and in colour; the rest, and what only train-cascade
    needs, is compiled when it is first used. Done once after an installation it takes some
    minutes; after that the same takes seconds, which says that all is there.

    \b
    Examples:
      classicvision warmup
      NUMBA_CACHE_DIR=/var/cache/numba classicvision warmup
    """
    from classicvision._jit import on_compile

    compiled = []
    on_compile(compiled.append)
    begin = time.perf_counter()
    for title, step in STEPS.items():
        start, before = time.perf_counter(), len(compiled)
        step()
        seconds = time.perf_counter() - start
        result(f"{title:<16} {len(compiled) - before:4d} compiled  {seconds:6.1f} s")
    seconds = time.perf_counter() - begin
    result(f"{'all':<16} {len(compiled):4d} compiled  {seconds:6.1f} s")


def _images():
    """Yield small images, a bright square on black; gray, then RGB."""
    import numpy as np

    gray = np.zeros((40, 48), np.uint8)
    gray[10:30, 10:30] = 200
    for dtype in (np.uint8, np.float32):
        gray = gray.astype(dtype)
        yield gray
        yield np.repeat(gray[:, :, None], 3, axis=2)


def _boxes():
    from classicvision.boxes import group_boxes, group_levels, iou, nms

    boxes = [[0, 0, 9, 9], [1, 0, 10, 9], [20, 20, 29, 29]]
    iou(boxes, boxes)
    nms(boxes, [3, 2, 1], 0.5)
    group_boxes(boxes, 1)
    group_levels(boxes, [1, 2, 3], [0.5, 0.5, 0.5], 1)


def _cascades():
    """Scan with each kind of cascade: Haar and LBP features, stumps and trees."""
    import numpy as np

    from classicvision.detection.cascade import CascadeDetector
    from classicvision.detection.cascade_xml import parse_cascade

    image = np.zeros((40, 48), np.uint8)
    image[10:30, 10:30] = 200
    for kind in ("HAAR", "LBP"):
        for nodes in (1, 2):
            detector = CascadeDetector(parse_cascade(_cascade_xml(kind, nodes)))
            detector.detect(image)
            detector.explain(image)


def _cascade_xml(kind, nodes):
    """Return a cascade of one stage and one tree, the left branch of each node leading on."""
    test = "0.1" if kind == "HAAR" else "-1 " * 8
    links = [f"{-i if i == nodes - 1 else i + 1} {-(i + 1)} 0 {test}" for i in range(nodes)]
    feature = {
        "HAAR": "<rects><_>4 1 4 2 -1.</_><_>4 1 2 2 2.</_></rects><tilted>1</tilted>",
        "LBP": "<rect>1 1 2 2</rect>",
    }
    return f"""<opencv_storage><cascade><stageType>BOOST</stageType>
        <featureType>{kind}</featureType><height>12</height><width>12</width>
        <featureParams><maxCatCount>{0 if kind == "HAAR" else 256}</maxCatCount></featureParams>
        <stages><_><stageThreshold>0.</stageThreshold><weakClassifiers><_>
        <internalNodes>{" ".join(links)}</internalNodes>
        <leafValues>{" 1." * (nodes + 1)}</leafValues>
        </_></weakClassifiers></_></stages>
        <features><_>{feature[kind]}</_></features></cascade></opencv_storage>""".encode()


def _integral_images():
    from classicvision.filters import integral

    for image in _images():
        for dtype in (None, "int32", "int64", "float32"):
            if image.dtype.kind == "f" and dtype in ("int32", "int64"):
                continue  # floats have no sums in integers
            sums = integral.integral_image(image, dtype=dtype)
            integral.squared_integral_image(image, dtype=dtype)
            integral.tilted_integral_image(image, dtype=dtype)
        integral.box_sum(sums, [[1, 2, 3, 4]])


def _gaussian():
    from classicvision.filters.smoothing import gaussian

    for image in _images():
        gaussian(image, 1)
        gaussian(image, 1, truncate=4)
        gaussian(image, 1, mode="constant")


def _gradient():
    from classicvision.filters.derivatives import gradient

    for image in _images():
        dtypes = ("int16", "int32") if image.dtype.kind != "f" else ()
        for dtype in (*dtypes, "float32"):
            for size in (3, 5, 7):
                gradient(image, size=size, dtype=dtype)


def _convolution():
    import numpy as np

    import classicvision as cv

    for image in _images():
        for kernel in (np.eye(3), np.ones((3, 3)), np.eye(41)):  # by sums, separated, by Fourier
            cv.correlate(image, kernel)
            cv.correlate(image, kernel, dtype="float32")
            cv.correlate(image, kernel, dtype="float64")
        cv.convolve_separable(image, [1, 2, 1], [1, 3])
        cv.box_filter(image, 5)
        cv.box_filter(image, 31)
        cv.sharpen(image)
        cv.sharpen(image, 1, 1)


def _laplacian():
    import classicvision as cv

    for image in _images():
        cv.laplacian(image)
        cv.laplacian(image, size=3)
        cv.laplacian_of_gaussian(image, 1)
        cv.difference_of_gaussians(image, 1)
        cv.gradient_magnitude(*cv.gradient(image))
        cv.gradient_orientation(*cv.gradient(image))
        cv.zero_crossings(image, 1, 1)


def _denoising():
    import classicvision as cv

    for image in _images():
        for size in (3, 5, 7, 9, 15):
            cv.median(image, size)
        cv.bilateral(image, 30, 1)
        cv.non_local_means(image, 10, search_size=7)


def _pyramids():
    import numpy as np

    import classicvision as cv

    for image in _images():
        cv.reconstruct(cv.laplacian_pyramid(image, 2))
        cv.pyramid_expand(image)
        cv.blend(image, image, np.ones(image.shape[:2]), 2)
        cv.match_template(image, image[8:20, 8:20])
        cv.find_template(image, image[4:34, 4:34])


def _canny():
    from classicvision.edges.canny import canny
    from classicvision.edges.tracing import trace_edges

    for image in _images():
        for aperture in (3, 5, 7):
            canny(image, 50, 100, aperture=aperture)
        canny(image, 50, 100, l2_gradient=True, return_steps=True)
        canny(image, 0.8, 0.9, quantiles=True)
        canny(image, 50, 100, interpolate=True)
        canny(image, 0.8, 0.9, quantiles=True, interpolate=True)
    trace_edges(canny(image, 50, 100))


def _shapes():
    import classicvision as cv

    for image in _images():
        cv.hough_circles(image, min_radius=5, max_radius=20)
        cv.hough_ellipses(image, min_radius=5)
        cv.GeneralizedHough(image[:, :40]).detect(image)
    edges = cv.canny(image, 50, 100)
    cv.hough_circles(edges, edges=True, min_radius=5, max_radius=20)
    cv.hough_ellipses(edges, edges=True, min_radius=5)


def _lines():
    from classicvision.hough.finding import find_lines

    for image in _images():
        find_lines(image)


def _colors():
    import classicvision as cv
    from classicvision.color.comparison import METRICS

    for image in _images():
        if image.ndim == 3:
            histogram = cv.color_histogram(image, range=(0, 256))
            cv.color_histogram(image, soft=True, range=(0, 256))
            cv.color_histogram(image, joint=False, range=(0, 256))
            cv.match_histograms(image, image)
            cv.locate_color(image, image[10:20, 10:20], range=(0, 256))
    for dtype in ("float32", "float64"):
        rows = histogram.reshape(8, 64).astype(dtype)
        for metric in METRICS:
            cv.compare_histograms(rows[0], rows, metric)


def _encodings():
    import numpy as np

    import classicvision as cv

    descriptors = np.random.default_rng(0).normal(size=(40, 4))
    for method in ("minibatch", "hierarchical"):
        words = cv.VisualVocabulary(4, method=method, branching=2).fit(descriptors)
        words.predict(descriptors)
    words.predict(descriptors, exact=False)
    words.nearest(descriptors, 2)
    cv.VLAD(vocabulary=words).fit([descriptors]).transform([descriptors])
    cv.FisherVector(2).fit([descriptors]).transform([descriptors])


def _search():
    import tempfile

    import numpy as np

    import classicvision as cv

    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        cv.write_image(f"{folder}/noise.png", noise)
        with cv.ImageIndex.build(f"{folder}/noise.png", f"{folder}/index") as index:
            index.search(noise)
    inverted, more = cv.InvertedIndex(3), {"signatures": [[1]], "angles": [[0]], "scales": [[1]]}
    for _ in range(2):  # the second is merged with the first
        inverted.add([[1]], **more)
    inverted.search([1])
    cv.dense_search(np.eye(3), np.eye(3))


# What is compiled, by the names that the library's user knows.
STEPS = {
    "boxes": _boxes,
    "cascades": _cascades,
    "integral images": _integral_images,
    "gaussian": _gaussian,
    "gradient": _gradient,
    "convolution": _convolution,
    "laplacian": _laplacian,
    "denoising": _denoising,
    "pyramids": _pyramids,
    "canny": _canny,
    "lines": _lines,
    "shapes": _shapes,
    "encodings": _encodings,
    "search": _search,
    "colors": _colors,
}
