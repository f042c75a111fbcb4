"""``python -m benchmarks.contour_quality [--scenes N] [--first SEED]``: contours found in scenes.

The scenes are those of the tests: one known contour, turned by any angle and scaled by 0.7 to
1.4, among at least 10 other shapes and noise. It is found where the best match is within 3
pixels, 3 degrees and 5 % of the truth. OpenCV's pictures are smoothed as ours, and its settings
are the best of a search by hand over scenes from 1000 on. Its Guil detector takes minutes for
some scenes: each detector is stopped after ``--limit`` seconds of the processor on a scene, which
then counts as not found. Needs a POSIX system.
"""

import argparse
import functools
import multiprocessing
import signal
import time

import cv2
import numpy as np

from tests.hough.contour_scenes import errors, is_right, make_scene, template_image

_SCALES = (0.7, 1.4)
_SIGMA = 1.5
_CANNY = (30, 70)  # after the smoothing, for the scenes' least contrast of 40 levels


def ours(name):
    from classicvision import GeneralizedHough

    picture, center = template_image(name)
    template = GeneralizedHough(picture, center=center, sigma=_SIGMA)

    def detect(image):
        found = template.detect(image, rotation=True, scale_range=_SCALES)
        return np.column_stack([found.centers, found.angles, found.scales])

    return detect


def opencv_guil(name):
    """GeneralizedHoughGuil: rotation and scale by pairs of edge pixels."""
    picture, center = template_image(name)
    detector = cv2.createGeneralizedHoughGuil()
    detector.setMinScale(_SCALES[0])
    detector.setMaxScale(_SCALES[1])
    detector.setScaleStep(0.05)
    detector.setAngleStep(1)
    detector.setAngleEpsilon(1)
    detector.setXi(90)
    detector.setDp(2)
    detector.setMinDist(10)
    detector.setAngleThresh(100)
    detector.setScaleThresh(25)
    detector.setPosThresh(10)
    _prepare(detector, picture, center)

    def detect(image):
        places, votes = detector.detect(_smooth(image))
        if places is None:
            return np.zeros((0, 4))
        x, y, scale, angle = places.reshape(-1, 4).T
        best_first = np.argsort(-votes.reshape(-1, 3)[:, 0], kind="stable")
        return np.stack([x, y, np.radians(angle), scale], axis=1)[best_first]

    return detect


def opencv_ballard(name, angle_step=3, scales=10, levels=12, dp=4):
    """GeneralizedHoughBallard finds places only: one turned and scaled template for each pose."""
    picture, center = template_image(name)
    side = 2 * int(_SCALES[1] * np.hypot(*picture.shape) / 2)
    middle = (side // 2, side // 2)
    poses = []
    for scale in _SCALES[0] * (_SCALES[1] / _SCALES[0]) ** ((np.arange(scales) + 0.5) / scales):
        for angle in range(-180, 180, angle_step):
            move = cv2.getRotationMatrix2D(center, -angle, scale)
            move[:, 2] += np.subtract(middle, center)
            turned = cv2.warpAffine(picture, move, (side, side), borderMode=cv2.BORDER_REPLICATE)
            detector = cv2.createGeneralizedHoughBallard()
            detector.setLevels(levels)
            detector.setDp(dp)
            detector.setMinDist(20)
            detector.setVotesThreshold(40)
            _prepare(detector, turned, middle)
            length = np.count_nonzero(cv2.Canny(_smooth(turned), *_CANNY))
            poses.append((detector, length, np.radians(angle), scale))

    def detect(image):
        smooth = _smooth(image)
        edges = cv2.Canny(smooth, *_CANNY)
        slopes = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        found = [(0.0, np.zeros(4))]
        for detector, length, angle, scale in poses:
            places, votes = detector.detect(edges, *slopes)
            if places is not None:
                best = np.argmax(votes.reshape(-1, 3)[:, 0])
                x, y = places.reshape(-1, 4)[best, :2]
                part = votes.reshape(-1, 3)[best, 0] / length
                found.append((part, np.array([x, y, angle, scale])))
        return max(found, key=lambda match: match[0])[1][None]  # the best of all poses

    return detect


DETECTORS = {
    "classicvision": ours,
    "OpenCV Ballard, 1200 poses": opencv_ballard,
    "OpenCV Guil": opencv_guil,
}


def run(make, scenes, limit):
    """Return for each scene the matches (rows x, y, angle, scale) and the seconds, or None.

    The detector runs in a process of its own, which ends itself where a scene takes more than
    ``limit`` seconds of the processor; another one is started then.
    """
    context = multiprocessing.get_context("spawn")
    results, worker, pipe = [], None, None
    for scene in scenes:
        if worker is None:
            pipe, far_end = context.Pipe()
            worker = context.Process(target=_work, args=(far_end, make, limit), daemon=True)
            worker.start()
            far_end.close()  # so that the end of the worker is the end of the pipe
        pipe.send((scene.name, scene.image))
        try:
            results.append(pipe.recv())
        except EOFError:
            worker.join()
            results.append(None)
            worker = None
    if worker is not None:
        worker.terminate()
        worker.join()
    return results


def _work(pipe, make, limit):
    cv2.setNumThreads(1)
    detector_of = functools.cache(make)
    while True:
        name, image = pipe.recv()
        detect = detector_of(name)
        if make is ours:
            detect(image)  # compiles
        signal.setitimer(signal.ITIMER_PROF, limit)  # its signal ends the process
        start = time.thread_time()
        found = detect(image)
        seconds = time.thread_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send((found, seconds))


def score(results, scenes):
    """Return how many contours were found, how many runs were stopped, errors and seconds."""
    right, away, seconds = 0, [], []
    for result, scene in zip(results, scenes, strict=True):
        if result is None:
            continue
        found, duration = result
        seconds.append(duration)
        for match in found[:1]:
            if is_right(scene.pose, *match):
                right += 1
                away.append(errors(scene.pose, *match))
    pixels, degrees, part = np.median(away, axis=0) if away else (np.nan,) * 3
    return {
        "found": right,
        "stopped": sum(result is None for result in results),
        "pixels": pixels,
        "degrees": degrees,
        "percent": 100 * part,
        "seconds": float(np.median(seconds)) if seconds else np.nan,
    }


def _prepare(detector, picture, center):
    detector.setCannyLowThresh(_CANNY[0])
    detector.setCannyHighThresh(_CANNY[1])
    detector.setTemplate(_smooth(picture), tuple(round(value) for value in center))


def _smooth(image):
    return cv2.GaussianBlur(image, (0, 0), _SIGMA)


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.contour_quality", description=__doc__
    )
    parser.add_argument("--scenes", type=int, default=100, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--limit", type=float, default=20, metavar="SECONDS")
    parser.add_argument("--only", metavar="TEXT", help="the detectors whose name contains it")
    options = parser.parse_args()
    scenes = [make_scene(seed) for seed in range(options.first, options.first + options.scenes)]
    names = [name for name in DETECTORS if not options.only or options.only in name]
    width = max(map(len, names))
    print(f"{'':{width}}  found  stopped  px      degrees  %      seconds")
    for name in names:
        s = score(run(DETECTORS[name], scenes, options.limit), scenes)
        print(
            f"{name:{width}}  {s['found']:5}  {s['stopped']:7}  {s['pixels']:6.3f}"
            f"  {s['degrees']:7.3f}  {s['percent']:5.3f}  {s['seconds']:7.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
