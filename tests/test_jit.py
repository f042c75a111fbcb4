"""Kernels: compiled at the first call only, typed when they call each other, never stuck."""

import os
import subprocess
import sys

import numba.core.caching as caching
import numpy as np
import pytest

from classicvision._jit import kernel


@kernel
def add_one(values):
    for i in range(values.size):
        values[i] = one_more(values[i])


@kernel(inline=True)
def one_more(value):
    return value + 1


@pytest.mark.lane
def test_a_kernel_calls_another():
    values = np.arange(4)
    add_one(values)
    assert values.tolist() == [1, 2, 3, 4]
    assert one_more.py_func(1) == 2
    assert repr(add_one) == "<kernel tests.test_jit.add_one>"


@kernel(views_only=True)
def fill_from(values, start):
    rest = values[start:]
    for i in range(rest.size):
        rest[i] = 7


@pytest.mark.lane
def test_a_kernel_without_references_looks_at_parts_of_arrays():
    values = np.arange(4)
    before = sys.getrefcount(values)
    fill_from(values, 2)
    assert values.tolist() == [0, 1, 7, 7]
    assert sys.getrefcount(values) == before


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment or None,
        check=True,
    )


def test_an_unwritable_cache_is_replaced_with_one_warning(tmp_path):
    code = """
import os, sys, warnings
import numba.core.caching as caching
import numpy as np
# No folder can be written to: what a read-only system without a home folder looks like.
for locator in caching.CacheImpl._locator_classes:
    if locator is not caching.UserProvidedCacheLocator:
        locator.from_function = classmethod(lambda *_: None)
import classicvision as cv
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(2):
        cv.group_boxes([[0, 0, 9, 9], [1, 0, 9, 9]], 1)
        cv.nms([[0, 0, 9, 9]], [1], 0.5)
print([str(w.message) for w in caught if w.category is RuntimeWarning])
"""
    if not hasattr(caching, "UserProvidedCacheLocator"):  # before Numba 0.61
        code = code.replace("UserProvidedCacheLocator", "_UserProvidedCacheLocator")
    environment = {name: v for name, v in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    output = run(code, **environment).stdout
    assert output.count("Numba's cache is not writable") == 1, output


def test_a_process_of_our_own_starts_without_blas():
    code = """
import sys
from classicvision._jit import start_without_blas
start_without_blas()
import numpy as np, classicvision as cv
assert cv.canny(np.eye(20) * 255, 50, 100).any()
assert "scipy.linalg" not in sys.modules
import scipy.linalg
print(scipy.linalg.det(np.eye(2)))
"""
    assert run(code).stdout.strip() == "1.0"


def test_listeners_hear_of_compiling(tmp_path):
    code = """
from classicvision import _jit, nms
_jit.on_compile(lambda name: print("compiling", name))
nms([[0, 0, 9, 9]], [1], 0.5)
"""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    assert "compiling _survivors" in run(code, **environment).stdout
    assert run(code, **environment).stdout == ""
