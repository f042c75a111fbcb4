"""Suppression of what is no maximum: thinning the gradient's magnitude to its ridges."""

import numpy as np

from classicvision._jit import kernel
from classicvision.filters.derivatives import gradient_row

_SEGMENT = 128  # pixels of a row that are passed over where all are below the lower threshold


# c = column. One type (int32, or float64) and no branches: this is what lets LLVM turn the loop
# into vector instructions. y is scaled by 2^15 so that the direction is decided in integers:
# |gy| < tan(22.5) |gx| is level, |gy| > tan(67.5) |gx| upright.
@kernel(inline=True, views_only=True)
def _suppress(above, here, below, x_row, y_row, low, high, label_row):
    """Label the pixels whose magnitude is a maximum along the gradient's direction."""
    number = here.dtype.type
    above_1, above_2 = above[1:], above[2:]
    here_1, here_2 = here[1:], here[2:]
    below_1, below_2 = below[1:], below[2:]
    for c in range(label_row.size):
        x, y = number(x_row[c]), number(y_row[c])
        steepness = number(abs(y) * number(32768))
        level_limit = number(abs(x) * number(13573))
        upright_limit = number(level_limit + number(abs(x) * number(65536)))
        north_west, north, north_east = above[c], above_1[c], above_2[c]
        west, m, east = here[c], here_1[c], here_2[c]
        south_west, south, south_east = below[c], below_1[c], below_2[c]
        falling = (x < 0) == (y < 0)
        before = north_west if falling else north_east
        after = south_east if falling else south_west
        ridge_level = (m > west) & (m >= east)
        ridge_upright = (m > north) & (m >= south)
        ridge_diagonal = (m > before) & (m > after)
        ridge = ridge_upright if steepness > upright_limit else ridge_diagonal
        ridge = ridge_level if steepness < level_limit else ridge
        label = np.uint8(2) if m > high else np.uint8(1)
        label_row[c] = label if ridge & (m > low) else np.uint8(0)


# The same for magnitudes of 16 bits, of which a vector instruction takes twice as many. The
# directions are decided by tan(22.5) |gx|, rounded down: |gy| is whole, and no multiple of
# 13573 / 2^15 is, except 0.
@kernel(inline=True, views_only=True)
def _suppress_narrow(above, here, below, x_row, y_row, low, high, label_row):
    above_1, above_2 = above[1:], above[2:]
    here_1, here_2 = here[1:], here[2:]
    below_1, below_2 = below[1:], below[2:]
    for c in range(label_row.size):
        x, y = x_row[c], y_row[c]
        width = np.uint16(x if x > 0 else -x)
        height = np.uint16(y if y > 0 else -y)
        level_limit = np.uint16(np.uint32(np.uint32(width) * np.uint32(27146)) >> np.uint32(16))
        upright_limit = np.uint16(level_limit + np.uint16(width + width))
        north_west, north, north_east = above[c], above_1[c], above_2[c]
        west, m, east = here[c], here_1[c], here_2[c]
        south_west, south, south_east = below[c], below_1[c], below_2[c]
        falling = (x < 0) == (y < 0)
        before = north_west if falling else north_east
        after = south_east if falling else south_west
        ridge_level = (m > west) & (m >= east)
        ridge_upright = (m > north) & (m >= south)
        ridge_diagonal = (m > before) & (m > after)
        ridge = ridge_upright if height > upright_limit else ridge_diagonal
        ridge = ridge_level if (height <= level_limit) & (width > 0) else ridge
        label = np.uint8(2) if m > high else np.uint8(1)
        label_row[c] = label if ridge & (m > low) else np.uint8(0)


# The magnitudes where the gradient's line crosses the 3 x 3 neighbours' square, by linear
# interpolation between a neighbour at a side and one at a corner. All is multiplied by the larger
# derivative instead of divided, as in the paper. Of magnitudes that differ by rounding errors
# only, as across the edges of drawings, the first one stays: `slack` is above such errors.
@kernel(inline=True, views_only=True)
def _suppress_interpolated(above, here, below, x_row, y_row, low, high, label_row):
    slack = here.dtype.type(64 * np.finfo(here.dtype).eps)
    more, less = here.dtype.type(1 + slack), here.dtype.type(1 - slack)
    above_1, above_2 = above[1:], above[2:]
    here_1, here_2 = here[1:], here[2:]
    below_1, below_2 = below[1:], below[2:]
    for c in range(label_row.size):
        x, y = x_row[c], y_row[c]
        width, height = abs(x), abs(y)
        steep = height > width
        along = height if steep else width
        across = width if steep else height
        rest = along - across
        north_west, north, north_east = above[c], above_1[c], above_2[c]
        west, m, east = here[c], here_1[c], here_2[c]
        south_west, south, south_east = below[c], below_1[c], below_2[c]
        falling = (x < 0) == (y < 0)
        side_before = north if steep else west
        side_after = south if steep else east
        rising_before = north_east if steep else south_west
        rising_after = south_west if steep else north_east
        corner_before = north_west if falling else rising_before
        corner_after = south_east if falling else rising_after
        scaled = m * along
        before = rest * side_before + across * corner_before
        after = rest * side_after + across * corner_after
        ridge = (scaled > before * more) & (scaled >= after * less)
        label = np.uint8(2) if m > high else np.uint8(1)
        label_row[c] = label if ridge & (m > low) else np.uint8(0)


# r = row, c = column. The magnitudes of three rows and the derivatives of two go round in rings.
# `narrow` and `interpolated` are True or None: only what the one that is True stands for is
# compiled, or else `_suppress`. `squared` makes the sums of the magnitude sums of squares.
@kernel(views_only=True)
def label_ridges(
    image, rows_at, columns_at, taps, rounded, lines, slopes, thresholds, squared, narrow,
    interpolated, magnitude, labels,
):  # fmt: skip
    """Label the local maxima of the gradient's magnitude that exceed the thresholds."""
    rows, columns = labels.shape[0] - 2, slopes.shape[2]
    number = thresholds.dtype.type
    low, high = thresholds[0], thresholds[1]
    for r in range(rows + 1):
        newest = magnitude[r % 3][1 : 1 + columns]
        if r < rows:
            gradient_row(image, r, rows_at, columns_at, 1, taps, lines, slopes, r % 2)
            x_row, y_row = slopes[0, r % 2], slopes[1, r % 2]
            if rounded:
                for c in range(columns):
                    x_row[c] = np.rint(x_row[c])
                    y_row[c] = np.rint(y_row[c])
            if narrow is not None:
                for c in range(columns):
                    x, y = x_row[c], y_row[c]
                    width, height = number(x if x > 0 else -x), number(y if y > 0 else -y)
                    newest[c] = number(width + height)
            elif squared:
                for c in range(columns):
                    x, y = number(x_row[c]), number(y_row[c])
                    newest[c] = number(x * x + y * y)
                if interpolated is not None:
                    for c in range(columns):
                        newest[c] = np.sqrt(newest[c])
            else:
                for c in range(columns):
                    newest[c] = number(abs(number(x_row[c])) + abs(number(y_row[c])))
        else:
            for c in range(columns):
                newest[c] = 0
        if r == 0:
            continue
        x_row, y_row = slopes[0, (r - 1) % 2], slopes[1, (r - 1) % 2]
        above, here, below = magnitude[(r - 2) % 3], magnitude[(r - 1) % 3], magnitude[r % 3]
        for start in range(0, columns, _SEGMENT):
            stop = start + _SEGMENT if start + _SEGMENT < columns else columns
            segment = here[start + 1 : stop + 1]
            found = False
            for c in range(segment.size):
                found |= segment[c] > low
            if not found:
                continue
            rows_here = above[start:], here[start:], below[start:]
            slopes_here = x_row[start:], y_row[start:]
            label_row = labels[r][start + 1 : stop + 1]
            if narrow is not None:
                _suppress_narrow(*rows_here, *slopes_here, low, high, label_row)
            elif interpolated is not None:
                _suppress_interpolated(*rows_here, *slopes_here, low, high, label_row)
            else:
                _suppress(*rows_here, *slopes_here, low, high, label_row)
