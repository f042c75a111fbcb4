"""All filters, one file for each family, against OpenCV, SciPy and scikit-image."""

from benchmarks import (
    filters_convolution,
    filters_denoising,
    filters_laplacian,
    filters_rank,
    filters_smoothing,
)

_FAMILIES = (
    filters_smoothing,
    filters_convolution,
    filters_laplacian,
    filters_rank,
    filters_denoising,
)


def cases(quick):
    for family in _FAMILIES:
        yield from family.cases(quick)
