"""Runs in the environment of OpenCV 4.14.

Only what the peer does is timed: pictures and models are loaded before.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.append(str(Path(__file__).parent))
from peer_loop import serve

_images = {}
_cascades = {}


def about():
    return {"version": cv2.__version__, "haarcascades": cv2.data.haarcascades}


def image(name, path):
    _images[name] = np.load(path)
    return {}


def cascade(name, path):
    _cascades[name] = cv2.CascadeClassifier(path)
    if _cascades[name].empty():
        raise ValueError(f"OpenCV does not load {path}")
    return {}


def detect(image, cascade, threads, options):
    """``CascadeClassifier.detectMultiScale``; the result is a list of x, y, width, height."""
    picture, classifier = _images[image], _cascades[cascade]
    if cv2.getNumThreads() != threads:
        cv2.setNumThreads(threads)
    start = time.perf_counter()
    windows = classifier.detectMultiScale(picture, **options)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "result": np.asarray(windows, int).reshape(-1, 4).tolist()}


def bag_of_words(image, vocabulary, keypoints):
    """``BOWImgDescriptorExtractor.compute`` at so many SIFT keypoints; the result is a list."""
    cv2.setNumThreads(1)
    sift = cv2.SIFT_create(keypoints)
    extractor = cv2.BOWImgDescriptorExtractor(sift, cv2.BFMatcher(cv2.NORM_L2))
    extractor.setVocabulary(_images[vocabulary])
    found = sift.detect(_images[image], None)
    start = time.perf_counter()
    shares = extractor.compute(_images[image], found)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "result": shares.tolist()}


COMMANDS = {
    "about": about,
    "image": image,
    "cascade": cascade,
    "detect": detect,
    "bag_of_words": bag_of_words,
}


if __name__ == "__main__":
    serve(COMMANDS)
