"""Cut-outs of photographs to search for, where the photograph or the cut-out has been shrunk."""

import cv2
import numpy as np

from classicvision.boxes import iou
from classicvision.features.template_search import find_template

# The photographs of OpenCV's samples: no drawings and diagrams, and none of the frames of a
# chessboard for calibration, whose squares repeat.
PHOTOGRAPHS = [
    "aero1.jpg",
    "aero3.jpg",
    "aloeL.jpg",
    "aloeR.jpg",
    "apple.jpg",
    "baboon.jpg",
    "basketball1.png",
    "basketball2.png",
    "board.jpg",
    "box_in_scene.png",
    "building.jpg",
    "butterfly.jpg",
    "cards.png",
    "fruits.jpg",
    "HappyFish.jpg",
    "home.jpg",
    "left.jpg",
    "lena.jpg",
    "leuvenA.jpg",
    "leuvenB.jpg",
    "licenseplate_motion.jpg",
    "messi5.jpg",
    "orange.jpg",
    "right.jpg",
    "smarties.png",
    "squirrel_cls.jpg",
    "stuff.jpg",
    "text_defocus.jpg",
]
SIDES = (40, 128)  # pixels of a cut-out, before it is shrunk
LEAST_DEVIATION = 10  # levels: flatter cut-outs look alike anywhere
LEAST_OVERLAP = 0.8  # of the best detection with where the cut-out was taken


def scene(rng, photographs, shrunk):
    """Return an image, a template, the range of scales, and the box where the template is.

    ``shrunk`` is "photograph" or "cut-out": that one is resized by 0.5 to 1, averaging areas.
    """
    while True:
        photograph = photographs[rng.integers(len(photographs))]
        rows, columns = photograph.shape
        width, height = rng.integers(SIDES[0], [min(SIDES[1], n) + 1 for n in (columns, rows)])
        x, y = rng.integers(0, columns - width + 1), rng.integers(0, rows - height + 1)
        cut_out = np.ascontiguousarray(photograph[y : y + height, x : x + width])
        scale = rng.uniform(0.5, 1)
        if cut_out.std() >= LEAST_DEVIATION:
            break
    box = np.array([[x, y, x + width, y + height]])
    if shrunk == "cut-out":
        return photograph, resize(cut_out, scale), (1, 2), box
    image = resize(photograph, scale)
    box = box * np.tile([image.shape[1] / columns, image.shape[0] / rows], 2)
    return image, cut_out, (0.5, 1), box


def resize(image, scale):
    size = [round(scale * n) for n in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def count_found(photographs, shrunk, scenes, seed):
    """How often the best detection is the cut-out: with an overlap of LEAST_OVERLAP or more."""
    rng, count = np.random.default_rng(seed), 0
    for _ in range(scenes):
        image, template, scales, box = scene(rng, photographs, shrunk)
        best = find_template(image, template, scales=scales).boxes[:1]
        count += len(best) == 1 and iou(best, box)[0, 0] >= LEAST_OVERLAP
    return count
