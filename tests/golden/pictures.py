"""The pictures of the golden results: generated, or shrunk from what scikit-image installs."""

import numpy as np

_PHOTOGRAPHS = {  # name: (scikit-image's picture, how many pixels are averaged, crop)
    "camera": ("camera", 4, np.s_[:, :]),
    "camera_odd": ("camera", 3, np.s_[:127, 20:121]),
    "chelsea": ("chelsea", 3, np.s_[:, :]),
    "astronaut": ("astronaut", 4, np.s_[:90, :]),
}
_NOISE = {  # name: (rows, columns); odd sizes: OpenCV's stripes may leave out the last row
    "noise_13x29": (13, 29),
    "noise_41x38": (41, 38),
    "noise_53x107": (53, 107),
}


def names():
    """Return the names of all pictures."""
    return [*_NOISE, "steps", "one_window", "too_small", *_PHOTOGRAPHS]


def picture(name):
    """Return a picture as uint8, ``(rows, columns)`` gray or ``(rows, columns, 3)`` RGB."""
    if name in _PHOTOGRAPHS:
        source, block, crop = _PHOTOGRAPHS[name]
        return shrink(photograph(source), block)[crop].copy()
    if name == "steps":
        return _steps()
    if name == "one_window":
        return _noise(10, 12)
    if name == "too_small":
        return _noise(5, 7)
    return _noise(*_NOISE[name])


def photograph(name):
    from skimage import data

    return getattr(data, name)()


def shrink(image, block):
    """Return the means of blocks of pixels, rounded half up."""
    rows, columns = (side // block for side in image.shape[:2])
    blocks = image[: rows * block, : columns * block].astype(np.int64)
    sums = blocks.reshape(rows, block, columns, block, -1).sum(axis=(1, 3))
    means = (2 * sums + block * block) // (2 * block * block)
    return means.astype(np.uint8).reshape(rows, columns, *image.shape[2:])


def _noise(rows, columns):
    """Smoothed noise from integer arithmetic only, so that it is the same everywhere."""
    state = np.arange((rows + 2) * (columns + 2), dtype=np.uint64)
    state = (state + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    noise = (state >> np.uint64(56)).astype(np.int64).reshape(rows + 2, columns + 2)
    r, c = np.mgrid[:rows, :columns]
    smooth = sum(noise[i : i + rows, j : j + columns] for i in range(3) for j in range(3)) // 9
    waves = (r * 7 + c * 3) % 64 + (r * c) % 50
    return np.clip(smooth + waves - 40, 0, 255).astype(np.uint8)


def _steps():
    """Flat squares, edges and ramps: windows without variance, and ties."""
    image = np.full((96, 120), 128, np.uint8)
    image[10:40, 10:50] = 255
    image[20:30, 20:30] = 0
    image[50:90, 5:60] = np.arange(55, dtype=np.uint8) * 4
    image[5:60, 70:110] = (np.arange(55, dtype=np.uint8) * 3)[:, None]
    image[64:, 64:] = (np.indices((32, 56)).sum(axis=0) // 6 % 2 * 200).astype(np.uint8)
    return image
