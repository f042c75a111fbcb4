"""Whether a row is finite, seen while it is in the cache: faster than a pass over the image."""

from classicvision._jit import kernel


# The sum is infinite or NaN where one of the pixels is, or it is too large. Any order of the sum
# will do, which lets it be vectorized.
@kernel(inline=True, fastmath={"reassoc"}, views_only=True)
def not_finite(row):
    """Say whether the sum of a row of floats is infinite or NaN."""
    total = row.dtype.type(0)
    for c in range(row.size):
        total += row[c]
    return total - total != 0
