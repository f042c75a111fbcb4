"""Weighted sums of the pixels around each pixel, as products of Fourier transforms."""

from __future__ import annotations

import numpy as np

from classicvision.filters._weighted_sums import kernel_positions

_TILE = 256  # pixels a side, whose transforms stay in the processor's cache


def tile_shape(rows: int, columns: int, height: int, width: int) -> tuple[int, int]:
    """Return the shape of the tiles in which an image is transformed for a kernel of this shape.

    Neighbouring tiles overlap by the size of the kernel, at most by a quarter.
    """
    from scipy.fft import next_fast_len  # slow to load, and not needed by small kernels

    return tuple(
        next_fast_len(min(length + size - 1, max(_TILE, 4 * size)), real=True)
        for length, size in ((rows, height), (columns, width))
    )


def sum_by_spectra(
    image: np.ndarray,
    weights: np.ndarray,
    anchor: tuple[int, int],
    mode: str,
    work: type,
    result: np.ndarray,
) -> None:
    """As ``sum_kernel``, tile by tile; the image must be of the type ``work``."""
    from scipy.fft import irfft2, rfft2

    rows, columns, *_ = image.shape
    tile = tile_shape(rows, columns, *weights.shape)
    # the sums whose kernel lies on the tile; the others are of both of its ends
    down, along = tile[0] - weights.shape[0] + 1, tile[1] - weights.shape[1] + 1
    rows_at = kernel_positions(rows, weights.shape[0], anchor[0], mode, 1).astype(np.intp)
    columns_at = kernel_positions(columns, weights.shape[1], anchor[1], mode, 1).astype(np.intp)
    spectrum = np.conj(rfft2(weights.astype(work), tile))
    for plane, sums in zip(_planes(image), _planes(result), strict=True):
        for top in range(0, rows, down):
            band = plane[rows_at[top : top + tile[0]]]
            for left in range(0, columns, along):
                product = rfft2(band[:, columns_at[left : left + tile[1]]], tile)
                product *= spectrum
                inside = sums[top : top + down, left : left + along]
                inside[...] = irfft2(product, tile)[: inside.shape[0], : inside.shape[1]]


def _planes(image):
    return [image] if image.ndim == 2 else [image[..., k] for k in range(image.shape[2])]
