"""Small systems of linear equations, solved inside kernels."""

from classicvision._jit import kernel


# No pivots are looked for: the matrices of least squares are symmetric and positive definite.
@kernel
def solve(system):
    """Turn the last column, the right sides, into the solution, by Gauss's elimination."""
    size = system.shape[0]
    for k in range(size):
        for m in range(k + 1, size):
            factor = system[m, k] / system[k, k]
            for n in range(k, size + 1):
                system[m, n] -= factor * system[k, n]
    for k in range(size - 1, -1, -1):
        for n in range(k + 1, size):
            system[k, size] -= system[k, n] * system[n, size]
        system[k, size] /= system[k, k]
