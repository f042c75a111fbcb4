"""Ellipses by direct least squares, fitted to sums of powers instead of points.

The sums of several sets of points add up. So the fit to any pair of arcs costs the same,
however many points they have, and numpy fits thousands of pairs at once.

An ellipse is a row (x, y, p, q, r): its centre, and p u^2 + 2 q u v + r v^2 = 1 for the offsets
(u, v) of its points from the centre. Unlike the angle of the axes, p, q and r mean something
for a circle too.
"""

from __future__ import annotations

import numpy as np

from classicvision._jit import kernel

SCALE = 1 / 32  # powers of coordinates in this unit stay near 1
_POWERS = np.array([(2, 0), (1, 1), (0, 2), (1, 0), (0, 1), (0, 0)])  # of a conic's six terms
_SLIMMEST = 1e-9  # 4 A C - B^2 for A^2 + B^2 + C^2 = 1; less is rounding, on a straight line
_STRAIGHT = 1e-12  # the ratio of the covariance's eigenvalues; less is rounding
_RIDGE = 1e-9  # keeps the sums over points on a straight line invertible


# i = set, j = point; table[a, b] becomes the sum of u^a v^b
@kernel
def _sum_powers(x, y, begins, ends, scale, centers, tables):
    for i in range(begins.size):
        count = ends[i] - begins[i]
        mean_x, mean_y = 0.0, 0.0
        for j in range(begins[i], ends[i]):
            mean_x += x[j] / count
            mean_y += y[j] / count
        centers[i, 0], centers[i, 1] = mean_x, mean_y
        table = tables[i]
        for j in range(begins[i], ends[i]):
            u, v = (x[j] - mean_x) * scale, (y[j] - mean_y) * scale
            power = 1.0
            for a in range(5):
                term = power
                for b in range(5 - a):
                    table[a, b] += term
                    term *= v
                power *= u


def scatter_of(x, y, begins, ends):
    """Return the centre and the scatter matrix of the points ``begins[i]`` to ``ends[i] - 1``.

    Returns
    -------
    centers : ndarray, shape (n, 2)
    scatters : ndarray, shape (n, 6, 6)
        Sums of the products of (u^2, u v, v^2, u, v, 1), where u and v are the offsets from the
        centre in units of 32 pixels.
    """
    centers, tables = np.empty((len(begins), 2)), np.zeros((len(begins), 5, 5))
    _sum_powers(x, y, begins, ends, SCALE, centers, tables)
    total = _POWERS[:, None] + _POWERS[None, :]
    return centers, tables[:, total[..., 0], total[..., 1]]


def moved(scatters, old, new):
    """Return the scatter matrices around other centres."""
    d, e = ((old - new) * SCALE).T
    change = np.zeros((len(d), 6, 6))
    change[:] = np.eye(6)
    change[:, 0, 3], change[:, 0, 5] = 2 * d, d * d
    change[:, 1, 3], change[:, 1, 4], change[:, 1, 5] = e, d, d * e
    change[:, 2, 4], change[:, 2, 5] = 2 * e, e * e
    change[:, 3, 5], change[:, 4, 5] = d, e
    return change @ scatters @ change.transpose(0, 2, 1)


def fit_conics(scatters):
    """Fit a conic A u^2 + B u v + C v^2 + D u + E v + F = 0 that is an ellipse to each scatter.

    Returns
    -------
    ndarray, shape (n, 6)
        The coefficients; NaN where the points determine no ellipse.

    Notes
    -----
    The sum of (A u^2 + ... + F)^2 is least under 4 A C - B^2 = 1, which only ellipses satisfy.

    References
    ----------
    A. W. Fitzgibbon, M. Pilu, R. B. Fisher, "Direct least squares fitting of ellipses", IEEE
    PAMI 21(5), 1999.
    R. Halir, J. Flusser, "Numerically stable direct least squares fitting of ellipses", WSCG
    1998: the linear terms are eliminated first, which leaves a 3 x 3 eigenvalue problem.
    """
    if not len(scatters):
        return np.empty((0, 6))
    count = scatters[:, 5, 5, None, None]
    linear = scatters[:, 3:, 3:] + _RIDGE * count * np.eye(3)
    mixed = scatters[:, :3, 3:]
    eliminate = -np.linalg.solve(linear, mixed.transpose(0, 2, 1))
    reduced = (scatters[:, :3, :3] + mixed @ eliminate) / count
    constrained = np.stack([reduced[:, 2] / 2, -reduced[:, 1], reduced[:, 0] / 2], axis=1)
    vectors = np.linalg.eig(constrained)[1].real
    condition = 4 * vectors[:, 0] * vectors[:, 2] - vectors[:, 1] ** 2
    best = condition.argmax(axis=1)
    quadratic = np.take_along_axis(vectors, best[:, None, None], axis=2)
    conics = np.concatenate([quadratic, eliminate @ quadratic], axis=1)[..., 0]
    conics[(condition.max(axis=1) <= _SLIMMEST) | _straight(scatters)] = np.nan
    return conics


def _straight(scatters):
    """Say which points lie on a straight line: their covariance has an eigenvalue of 0."""
    count, u, v = scatters[:, 5, 5], scatters[:, 3, 5], scatters[:, 4, 5]
    uu = scatters[:, 3, 3] - u * u / count
    uv = scatters[:, 3, 4] - u * v / count
    vv = scatters[:, 4, 4] - v * v / count
    return uu * vv - uv * uv <= _STRAIGHT * (uu + vv) ** 2


def mean_distances(conics, scatters):
    """Return how far the points of each scatter lie from its conic, in pixels.

    The root mean square distance, to first order: value / slope (G. Taubin, IEEE PAMI 13(11),
    1991, section III).
    """
    a, b, c, d, e, _ = conics.T
    values = np.einsum("ni,nij,nj->n", conics, scatters, conics)
    slope_x, slope_y = np.stack([2 * a, b, d], axis=1), np.stack([b, 2 * c, e], axis=1)
    linear = scatters[:, 3:, 3:]
    slopes = sum(np.einsum("ni,nij,nj->n", s, linear, s) for s in (slope_x, slope_y))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(np.maximum(values, 0) / slopes) / SCALE


def ellipses_of(conics, centers):
    """Return the conics around ``centers`` as ellipses in pixels; NaN where one is none."""
    a, b, c, d, e, f = conics.T
    with np.errstate(invalid="ignore", divide="ignore"):
        determinant = 4 * a * c - b * b
        u, v = (b * e - 2 * c * d) / determinant, (b * d - 2 * a * e) / determinant
        level = -(f + (d * u + e * v) / 2)
        quadratic = np.stack([a, b / 2, c], axis=1) / level[:, None] * SCALE**2
        quadratic[~((quadratic[:, 0] > 0) & (determinant > 0))] = np.nan
    return np.concatenate([centers + np.stack([u, v], axis=1) / SCALE, quadratic], axis=1)


def axes_of(ellipses):
    """Return the half axes, shape (n, 2), longer first, and the angles of the longer ones."""
    p, q, r = ellipses[:, 2:].T
    mean, root = (p + r) / 2, np.hypot((p - r) / 2, q)
    with np.errstate(invalid="ignore", divide="ignore"):
        axes = 1 / np.sqrt(np.stack([mean - root, mean + root], axis=1))
    return axes, np.arctan2(-2 * q, r - p) / 2
