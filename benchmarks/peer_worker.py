"""Runs in a peer's environment: one JSON command a line in, one JSON answer a line out.

Only what the peer does is timed: pictures and models are loaded before.
"""

import json
import sys
import time

import cv2
import numpy as np

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


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = COMMANDS[request.pop("command")](**request)
        except Exception as error:  # whatever it is, the other process reports it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
