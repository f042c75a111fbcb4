"""``python -m benchmarks.keypoint_repeatability``: which keypoints are found again.

Photographs are turned, shrunk and made brighter, and where CLASSICVISION_DATA names the data folder
the six views of the graffiti wall with their homographies are compared. Each detector gives its
best 1,000 keypoints of each picture. One of the part that both pictures show is found again if the
other picture has a keypoint within 1.5 pixels of where it should be (and with a size within a
factor of 1.25, for detectors of several sizes). Repeatability is the number found again divided by
the smaller number of keypoints in the common part.

K. Mikolajczyk et al., "A comparison of affine region detectors", IJCV 65(1-2), 2005, section 4.
"""

import os
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from skimage import data

_DISTANCE, _FACTOR = 1.5, 1.25
_COUNT = 1000


def ours(kind):
    def detect(image):
        from classicvision.features.keypoints import detect_keypoints

        found = detect_keypoints(image, kind, max_keypoints=_COUNT)
        return found.points, found.sizes

    return detect


def sift_of_opencv(image, **options):
    found = cv2.SIFT_create(_COUNT, contrastThreshold=0.01, **options).detect(image)
    found = sorted(found, key=lambda point: -point.response)[:_COUNT]
    return np.float32([p.pt for p in found]).reshape(-1, 2), np.float32([p.size for p in found])


def harris_of_opencv(image):
    points = cv2.goodFeaturesToTrack(image, _COUNT, 0.01, 2.5, useHarrisDetector=True, k=0.04)
    return points.reshape(-1, 2), np.full(len(points), 7, np.float32)


DETECTORS = {
    "dog (ours)": (ours("dog"), True),
    "SIFT (OpenCV)": (sift_of_opencv, True),
    "SIFT precise": (lambda image: sift_of_opencv(image, enable_precise_upscale=True), True),
    "harris (ours)": (ours("harris"), False),
    "Harris (OpenCV)": (harris_of_opencv, False),
    "fast": (ours("fast"), False),
    "orb": (ours("orb"), True),
}


def pairs():
    """Yield a name, two gray pictures and the homography from the first to the second."""
    image = data.camera()
    for degrees, scale in ((0, 0.9), (0, 0.7), (0, 0.5), (15, 1), (45, 1), (45, 0.7)):
        turn = np.vstack([cv2.getRotationMatrix2D((255.5, 255.5), degrees, scale), [0, 0, 1]])
        smooth = cv2.GaussianBlur(image, (0, 0), max(0.5 / scale - 0.5, 0.01))
        yield f"turn {degrees}, scale {scale}", image, warp(smooth, turn), turn
    yield "half as bright", image, image // 2, np.eye(3)
    folder = Path(os.environ.get("CLASSICVISION_DATA") or os.devnull) / "vgg_affine" / "graf"
    if folder.is_dir():
        first = gray(folder / "img1.png")
        for number in range(2, 7):
            storage = cv2.FileStorage(str(folder / f"H1to{number}p.xml"), cv2.FILE_STORAGE_READ)
            homography = storage.getFirstTopLevelNode().mat()
            yield f"graffiti 1 to {number}", first, gray(folder / f"img{number}.png"), homography


def warp(image, homography):
    return cv2.warpPerspective(image, homography, image.shape[::-1], flags=cv2.INTER_LINEAR)


def gray(path):
    return np.array(Image.open(path).convert("L"))


def repeatability(first, second, shape, homography, several_sizes):
    """Return the part of the keypoints of both pictures that correspond, each to one."""
    points, sizes = carry(*first, homography)
    others, other_sizes = second
    back, _ = carry(others, other_sizes, np.linalg.inv(homography))
    seen, shown = inside(points, shape[1]), inside(back, shape[0])
    points, sizes, others, other_sizes = (
        points[seen],
        sizes[seen],
        others[shown],
        other_sizes[shown],
    )
    apart = np.linalg.norm(points[:, None] - others[None], axis=2)
    near = apart < _DISTANCE
    if several_sizes:
        near &= np.abs(np.log(sizes[:, None] / other_sizes[None])) < np.log(_FACTOR)
    again = min(near.any(axis=1).sum(), near.any(axis=0).sum())
    return again / max(min(len(points), len(others)), 1)


def carry(points, sizes, homography):
    """Return where points come to lie, and their sizes there."""
    rows = np.column_stack([points, np.ones(len(points))]) @ homography.T
    moved = rows[:, :2] / rows[:, 2:]
    area = np.abs(np.linalg.det(homography) / rows[:, 2] ** 3)  # how much areas grow
    return moved, sizes * np.sqrt(area)


def inside(points, shape):
    margin = 4
    limit = np.array(shape[::-1]) - 1 - margin
    return ((points >= margin) & (points <= limit)).all(axis=1)


def main():
    print(f"{'':24}" + "".join(f"{name:>17}" for name in DETECTORS))
    for name, first, second, homography in pairs():
        row = []
        for detect, several_sizes in DETECTORS.values():
            shapes = first.shape, second.shape
            found = detect(first), detect(second)
            row.append(repeatability(*found, shapes, homography, several_sizes))
        print(f"{name:24}" + "".join(f"{value:17.3f}" for value in row))


if __name__ == "__main__":
    main()
