"""Medians of large windows: histograms that follow the window."""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel
from classicvision.filters._borders import border_indices

_LEVELS = 256
_SECTION = 64  # levels that are followed at a time
_STRIP = 1024  # columns of medians that are found together: their histograms stay in the cache


# r = row, c = column, k = level. Every column has a cumulative histogram of the pixels that the
# windows of this row have in it: how many are at most k. The sum over a window's columns is
# followed for one section of the levels only, those around the median.
@kernel(inline=True, views_only=True)
def _replace(levels, histogram, new, old):
    """Put a pixel into a cumulative histogram, and take one out."""
    first, last = min(new, old) // _SECTION, max(new, old) // _SECTION
    number = histogram.dtype.type
    for section in range(first, last + 1):
        start = np.uint64(section * _SECTION)
        for k in range(np.uint64(_SECTION)):
            level = levels[start + k]
            added, removed = number(level >= new), number(level >= old)
            histogram[start + k] = number(number(histogram[start + k] + added) - removed)


@kernel(inline=True, views_only=True)
def _count(histograms, first, columns, start, section):
    """Sum one section of the histograms of a window."""
    number = section.dtype.type
    for k in range(_SECTION):
        section[k] = 0
    for c in range(first, first + columns):
        own = histograms[c][start:]
        for k in range(np.uint64(_SECTION)):
            section[k] += number(own[k])


@kernel(inline=True, views_only=True)
def _follow(section, entering, leaving, half):
    """Move the window by one column; return how many of the section are below the median."""
    number = section.dtype.type
    below = number(0)
    for k in range(np.uint64(_SECTION)):
        count = number(number(section[k] + number(entering[k])) - number(leaving[k]))
        section[k] = count
        below += number(count <= half)
    return below


@kernel(inline=True, views_only=True)
def _below(section, half):
    below = 0
    for k in range(_SECTION):
        below += section[k] <= half
    return below


@kernel(views_only=True)
def _slide(
    image, rows_at, columns_at, height, width, levels, histograms, section, result, first, step
):
    """Find the medians of a strip; ``columns_at`` are the columns of its windows."""
    rows, columns = result.shape[0], columns_at.size - width + 1
    number = section.dtype.type
    half = number(height * width // 2)
    start = 0
    for r in range(rows):
        if r == 0:
            for c in range(columns_at.size):
                own = histograms[c]
                for k in range(_LEVELS):
                    own[k] = 0
                for i in range(height):
                    own[image[rows_at[i], columns_at[c]]] += 1
                for k in range(1, _LEVELS):
                    own[k] += own[k - 1]
        else:
            new, old = image[rows_at[r + height - 1]], image[rows_at[r - 1]]
            for c in range(columns_at.size):
                at = columns_at[c]
                if new[at] != old[at]:
                    _replace(levels, histograms[c], new[at], old[at])
        row = result[r][first:]
        for c in range(columns):
            if c == 0:
                below = -1
            else:
                entering, leaving = histograms[c + width - 1][start:], histograms[c - 1][start:]
                below = np.int64(_follow(section, entering, leaving, half))
            while below < 0 or (below == 0 and start > 0) or below == _SECTION:
                # The median has left the section, or may have: look there where it went to.
                if below == 0:
                    start = max(start - _SECTION // 2, 0)
                elif below > 0:
                    start = min(start + _SECTION // 2, _LEVELS - _SECTION)
                _count(histograms, c, width, start, section)
                below = _below(section, half)
            row[c * step] = start + below


# Every pixel of the image with its border has a rank of its own, so that a window is a set of
# ranks: `present` marks them, `few` and `many` count them in groups. The window goes down and up
# again like a plough, because rows of pixels enter and leave it faster than columns.
@kernel(inline=True, views_only=True)
def _enter(ranks, present, few, many, group, sign):
    """Let a row of ranks into the set, or out of it; return the change below ``group``."""
    below = 0
    for c in range(ranks.size):
        rank = np.uint32(ranks[c])
        present[rank] += np.int8(sign)
        few[rank >> np.uint32(6)] += np.int8(sign)
        many[rank >> np.uint32(12)] += sign
        below += sign if (rank >> np.uint32(12)) < group else 0
    return below


@kernel(views_only=True)
def _plough(ranks, width, height, present, few, many, result):
    """Write the rank of the median of every window."""
    rows, columns = result.shape
    half = width * height // 2
    group, below = np.uint32(0), 0
    for i in range(height):
        below += _enter(ranks[i][:width], present, few, many, group, 1)
    for c in range(columns):
        for step in range(rows):
            r = step if c % 2 == 0 else rows - 1 - step
            if step > 0:
                down = c % 2 == 0
                new, old = (r + height - 1, r - 1) if down else (r, r + height)
                below += _enter(ranks[new][c : c + width], present, few, many, group, 1)
                below += _enter(ranks[old][c : c + width], present, few, many, group, -1)
            elif c > 0:
                below += _enter(ranks[r : r + height, c + width - 1], present, few, many, group, 1)
                below += _enter(ranks[r : r + height, c - 1], present, few, many, group, -1)
            while below > half:
                group -= np.uint32(1)
                below -= many[group]
            while below + many[group] <= half:
                below += many[group]
                group += np.uint32(1)
            count, at = below, np.int64(group) << 6
            while count + few[at] <= half:
                count += few[at]
                at += 1
            at <<= 6
            count += present[at]
            while count <= half:
                at += 1
                count += present[at]
            result[r, c] = at


def histogram_median(image: np.ndarray, width: int, height: int, mode: str) -> np.ndarray:
    """Return the medians of all windows of ``width`` x ``height`` pixels of a uint8 image."""
    rows, columns, *channels = image.shape
    step = channels[0] if channels else 1
    small = width * height < 2**16 and height < 2**8
    rows_at = border_indices(rows, height // 2, mode)
    columns_at = border_indices(columns, width // 2, mode) * step
    flat, result = image.reshape(rows, -1), np.empty_like(image)
    strip = min(_STRIP, columns)
    histograms = np.empty((strip + width - 1, _LEVELS), np.uint8 if small else np.uint32)
    section = np.empty(_SECTION, np.uint16 if small else np.int64)
    levels = np.arange(_LEVELS, dtype=np.uint8)
    for channel in range(step):
        for first in range(0, columns, strip):
            at = columns_at[first : min(first + strip, columns) + width - 1] + channel
            _slide(
                flat,
                rows_at,
                at,
                height,
                width,
                levels,
                histograms,
                section,
                result.reshape(rows, -1),
                first * step + channel,
                step,
            )
    return result


def rank_median(image: np.ndarray, width: int, height: int, mode: str) -> np.ndarray:
    """Return the medians of all windows of ``width`` x ``height`` pixels, by their ranks."""
    if image.ndim == 3:
        planes = [np.ascontiguousarray(image[..., k]) for k in range(image.shape[2])]
        return np.stack([rank_median(plane, width, height, mode) for plane in planes], axis=2)
    rows, columns = image.shape
    rows_at = border_indices(rows, height // 2, mode)
    columns_at = border_indices(columns, width // 2, mode)
    pixels = image[rows_at[:, None], columns_at].ravel()
    order = np.argsort(pixels, kind="stable")
    ranks = np.empty(pixels.size, np.uint32)
    ranks[order] = np.arange(pixels.size)
    found = np.empty((rows, columns), np.uint32)
    _plough(
        ranks.reshape(rows_at.size, -1),
        width,
        height,
        np.zeros(((pixels.size >> 12) + 1) << 12, np.int8),
        np.zeros(((pixels.size >> 12) + 1) << 6, np.int8),
        np.zeros((pixels.size >> 12) + 1, np.int64),
        found,
    )
    return pixels[order[found]]
