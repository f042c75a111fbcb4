"""Powers of two for loops that LLVM turns into vector instructions, which libm's would prevent."""

import numpy as np

from classicvision._jit import kernel

LOG2_E = 1.4426950408889634  # e**x is 2**(LOG2_E * x)

_ROUNDING = np.float32(1.5 * 2**23)  # float32 numbers of this size are whole
_SMALLEST = np.float32(-126)  # the exponent of the smallest normal float32
# 2**f is 1 + f * (C1 + f * (C2 + ...)) for f from -1/2 to 1/2, with the smallest relative error
# that five such terms allow. Found by least squares, repeated with weights that grow where the
# error is largest. With the rounding to float32 the relative error is below 2e-7.
_C1 = np.float32(0.69314698)
_C2 = np.float32(0.24022242)
_C3 = np.float32(0.055507337)
_C4 = np.float32(0.0096715127)
_C5 = np.float32(0.0013264727)


# Adding 1.5 * 2^23 rounds x to a whole number and leaves it in the low bits of the sum; shifted
# to where a float32 keeps its exponent, and added, they multiply by that power of two.
# Contraction to fused multiply-add only makes the polynomial more precise.
@kernel(inline=True, fastmath={"contract"})
def power_of_two(x):
    """Return ``2**x`` as float32 for a float32 x of at most 100; 0 below -126."""
    within = max(x, _SMALLEST)
    rounded = np.float32(within + _ROUNDING)
    f = np.float32(within - np.float32(rounded - _ROUNDING))
    power = np.float32(_C4 + np.float32(f * _C5))
    power = np.float32(_C3 + np.float32(f * power))
    power = np.float32(_C2 + np.float32(f * power))
    power = np.float32(_C1 + np.float32(f * power))
    power = np.float32(np.float32(1) + np.float32(f * power))
    exponent = np.int32(rounded.view(np.int32) << np.int32(23))
    scaled = np.int32(power.view(np.int32) + exponent).view(np.float32)
    return scaled if x >= _SMALLEST else np.float32(0)
