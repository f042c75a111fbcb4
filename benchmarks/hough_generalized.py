"""Contours, against OpenCV's two detectors; what each finds is in ``contour_quality``."""

import cv2
import numpy as np

from benchmarks.contour_quality import opencv_guil
from benchmarks.harness import Case, timed
from benchmarks.pictures import size_of
from tests.hough.contour_scenes import make_scene, template_image

_SIGMA = 1.5
_SCENES = (2, 1)  # for some others Guil takes minutes
_TILES = 4  # 1920 x 1440 pixels of 16 scenes


def cases(quick):
    from classicvision import GeneralizedHough

    cv2.setNumThreads(1)
    for seed in _SCENES[:1] if quick else _SCENES:
        scene = make_scene(seed, turned=False, scaled=False)
        picture, center = template_image(scene.name)
        template = GeneralizedHough(picture, center=center, sigma=_SIGMA)
        images = [scene.image]
        if not quick and seed == _SCENES[0]:
            tiles = [make_scene(s, turned=False, scaled=False).image for s in range(_TILES**2)]
            images.append(np.block([tiles[i::_TILES] for i in range(_TILES)]))
        for image in images:
            yield Case(
                operator=f"GeneralizedHough, places, scene {seed}",
                size=size_of(image),
                peer_name=f"OpenCV {cv2.__version__}, Ballard",
                ours=timed(template.detect, image, max_matches=1),
                peer=timed(_ballard(picture, center), image),
                difference=None if image is not scene.image else _apart,
                unit="px",
            )
        scene = make_scene(seed)
        picture, center = template_image(scene.name)
        template = GeneralizedHough(picture, center=center, sigma=_SIGMA)
        yield Case(  # other matches, see contour_quality: they are not compared
            operator=f"GeneralizedHough, any angle and scale, scene {seed}",
            size=size_of(scene.image),
            peer_name=f"OpenCV {cv2.__version__}, Guil",
            ours=timed(template.detect, scene.image, rotation=True, scale_range=(0.7, 1.4)),
            peer=timed(opencv_guil(scene.name), scene.image),
        )


def _apart(matches, place):
    """How far OpenCV's strongest place is from ours, which is the right one."""
    return np.hypot(*(matches.centers[0] - place))


def _ballard(picture, center):
    detector = cv2.createGeneralizedHoughBallard()
    detector.setCannyLowThresh(30)
    detector.setCannyHighThresh(70)
    detector.setLevels(36)
    detector.setDp(2)
    detector.setMinDist(20)
    detector.setVotesThreshold(30)
    detector.setTemplate(cv2.GaussianBlur(picture, (0, 0), _SIGMA), tuple(map(round, center)))

    def detect(image):
        places, votes = detector.detect(cv2.GaussianBlur(image, (0, 0), _SIGMA))
        if places is None:
            return np.full(2, np.nan)
        return places.reshape(-1, 4)[votes.reshape(-1, 3)[:, 0].argmax(), :2]

    return detect
