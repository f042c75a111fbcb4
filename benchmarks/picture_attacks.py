"""Ways in which a picture is changed before it is searched for: (image, random generator) -> image.

`SINGLE` has one change each; ``combined``, the last of `ATTACKS`, several at once.
"""

import cv2
import numpy as np

_WORDS = [
    "find",
    "this",
    "picture",
    "or",
    "a",
    "part",
    "of",
    "it",
    "again",
    "where",
    "else",
    "does",
]


def resized(image, scale):
    columns, rows = (max(1, round(side * scale)) for side in image.shape[1::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, (columns, rows), interpolation=method)


def similarity(size, angle, scale):
    """Return the matrix (2, 3) that turns and scales a picture, and the size it then needs."""
    columns, rows = size
    turn = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), angle, scale)
    width, height = (np.abs(turn[:, :2]) @ size).tolist()
    needed = int(np.ceil(width)), int(np.ceil(height))
    turn[:, 2] += [(needed[0] - columns) / 2, (needed[1] - rows) / 2]
    return turn, needed


def _crop(removed):
    """Take so large a share of the area away; the rest keeps the aspect and lies anywhere."""

    def attack(image, rng):
        rows, columns = (max(1, round(n * np.sqrt(1 - removed))) for n in image.shape[:2])
        y = rng.integers(image.shape[0] - rows + 1)
        x = rng.integers(image.shape[1] - columns + 1)
        return image[y : y + rows, x : x + columns]

    return attack


def _rotate(image, rng):
    """Turn by any angle; the picture grows until all is seen, and its corners are black."""
    turn, size = similarity(image.shape[1::-1], rng.uniform(-180, 180), 1)
    return cv2.warpAffine(image, turn, size, flags=cv2.INTER_LINEAR)


def _halve(image, rng):
    return resized(image, 0.5)


def _compress(image, rng):
    """JPEG with quality 10."""
    _, file = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 10])
    return cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1]


def _brighten(image, rng):
    """Multiply by 0.4 to 0.7 or by 1.4 to 2; what is too bright is white."""
    gain = rng.uniform(0.4, 0.7) if rng.random() < 0.5 else rng.uniform(1.4, 2)
    return np.clip(image * gain + 0.5, 0, 255).astype(np.uint8)


def _write(image, rng):
    """Draw three lines of words over the picture, each a ninth of its height."""
    image = image.copy()
    rows, columns = image.shape[:2]
    scale = rows / 9 / 30  # letters of scale 1 take about 30 pixels
    for line in range(3):
        color = tuple(rng.integers(0, 256, 3).tolist())
        text = " ".join(rng.permutation(_WORDS))
        place = (int(rng.integers(-columns // 4, columns // 8)), round(rows * (line + 0.7) / 3))
        thickness = max(1, round(2 * scale))
        cv2.putText(
            image, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, color, thickness, cv2.LINE_AA
        )
    return image


def _combine(image, rng):
    """Crop 40 %, and then three of rotation, half size, brightness, text and JPEG, by chance."""
    others = (_rotate, _halve, _brighten, _write, _compress)
    image = _crop(0.4)(image, rng)
    for index in sorted(rng.choice(len(others), 3, replace=False)):
        image = others[index](image, rng)
    return image


SINGLE = {
    "crop 10 %": _crop(0.1),
    "crop 40 %": _crop(0.4),
    "crop 60 %": _crop(0.6),
    "crop 80 %": _crop(0.8),
    "rotation": _rotate,
    "half size": _halve,
    "JPEG 10": _compress,
    "brightness": _brighten,
    "text": _write,
}
ATTACKS = {**SINGLE, "combined": _combine}
