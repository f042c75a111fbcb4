"""The bilateral filter and non-local means, pixel by pixel as their formulas have them."""

import numpy as np

from tests.naive.derivatives import PAD_MODES


def pad(image, margin, mode):
    widths = [(margin, margin)] * 2 + [(0, 0)] * (image.ndim - 2)
    return np.pad(np.asarray(image, np.float64), widths, mode=PAD_MODES[mode])


def as_colors(values):
    """Gray values as colours of one channel."""
    return values if values.ndim == 3 else values[..., None]


def bilateral(image, sigma_color, sigma_space, radius, mode="mirror"):
    """Tomasi and Manduchi, equation (5), with Gaussians; colours differ by their city-block."""
    padded = as_colors(pad(image, radius, mode))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    near = np.exp(-(x**2 + y**2) / (2 * sigma_space**2)) * (x**2 + y**2 <= radius**2)
    result = np.empty(as_colors(image).shape)
    for r, c in np.ndindex(image.shape[:2]):
        window = padded[r : r + 2 * radius + 1, c : c + 2 * radius + 1]
        distance = np.abs(window - window[radius, radius]).sum(axis=2)
        weights = near * np.exp(-(distance**2) / (2 * sigma_color**2))
        result[r, c] = (weights[..., None] * window).sum(axis=(0, 1)) / weights.sum()
    return result.reshape(image.shape)


def weight(squares, count, strength):
    """Of two patches, from the sum of their squared differences in `count` values."""
    value = np.exp(-squares / count / strength**2)
    return value if value >= 0.001 else 0.0


def whole_weight(squares, patch_size, search_size, channels, strength):
    """OpenCV's: the sum loses its low bits, the weight is a whole number."""
    bits = int(np.ceil(np.log2(patch_size**2)))
    mean = (int(squares) >> bits) * 2**bits / patch_size**2 / channels
    unit = (2**31 - 1) // (255 * search_size**2)
    value = round(unit * np.exp(-mean / strength**2))
    return value if value >= 0.001 * unit else 0


def non_local_means(image, strength, patch_size, search_size, mode="mirror", whole=False):
    """Buades, Coll and Morel, section 3, with patches whose pixels all count the same."""
    margin, reach = patch_size // 2, search_size // 2
    padded = as_colors(pad(image, margin + reach, mode))
    channels = padded.shape[2]
    result = np.empty(as_colors(image).shape)

    def patch(r, c):
        return padded[r - margin : r + margin + 1, c - margin : c + margin + 1]

    for r, c in np.ndindex(image.shape[:2]):
        y, x = r + margin + reach, c + margin + reach
        total = np.zeros(channels)
        weights = 0
        for dy in range(-reach, reach + 1):
            for dx in range(-reach, reach + 1):
                squares = ((patch(y, x) - patch(y + dy, x + dx)) ** 2).sum()
                if whole:
                    w = whole_weight(squares, patch_size, search_size, channels, strength)
                else:
                    w = weight(squares, patch_size**2 * channels, strength)
                weights += w
                total += w * padded[y + dy, x + dx]
        result[r, c] = (total + weights // 2) // weights if whole else total / weights
    return result.reshape(image.shape)
