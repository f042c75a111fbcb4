"""What all results share: a validated dataclass of equal-length, read-only arrays."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike
    from typing_extensions import Self


class Result:
    """Length, indexing, iteration, equality and JSON over the array fields of a dataclass."""

    if TYPE_CHECKING:  # what each dataclass has
        __dataclass_fields__: ClassVar[dict[str, Any]]
        _ITEMS: ClassVar[str]

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...

        def to_dict(self) -> dict[str, Any]: ...

    def _set(self, name, array):
        array.flags.writeable = False
        object.__setattr__(self, name, array)

    def _arrays(self):
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}

    def __len__(self) -> int:
        return len(next(iter(self._arrays().values())))

    def _selector(self, index):
        """Return an index of any kind as a slice or an array."""
        if isinstance(index, (int, np.integer)) and not isinstance(index, (bool, np.bool_)):
            count = len(self)
            if not -count <= index < count:
                raise IndexError(f"index {index} is out of range: the result has {count} items")
            start = int(index) % count
            return slice(start, start + 1)
        if isinstance(index, slice):
            return index
        index = np.asarray(index)
        if index.ndim != 1:
            raise IndexError("a result takes an integer, a slice, a mask or a 1-D index array")
        return index if index.size else index.astype(np.intp)

    def __getitem__(self, index: int | slice | ArrayLike) -> Self:
        index = self._selector(index)
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return type(self)(**{**values, **{k: v[index] for k, v in self._arrays().items()}})

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        ours, theirs = self._arrays(), other._arrays()
        return all(np.array_equal(ours[name], theirs[name]) for name in ours) and (
            getattr(self, "names", None) == getattr(other, "names", None)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self):  # a copy, or one from another process, is read-only and checked too
        return type(self), tuple(getattr(self, field.name) for field in fields(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} {self._ITEMS})"

    def to_json(self, **about: Any) -> str:
        """Return :meth:`to_dict` as one line of JSON.

        Parameters
        ----------
        **about
            What else the object says, before the result: ``path``, ``width``, ``height``, ...

        Returns
        -------
        str
        """
        return json.dumps({**about, **self.to_dict()}, allow_nan=False)


def column(values, name, dtype, count=None, owner=None):
    """Return ``values`` as a new 1-D array of ``dtype``, as long as ``owner``."""
    array = _numbers(values, name)
    if array.size == 0:
        array = np.zeros(0, dtype)
    if array.ndim != 1:
        raise ValueError(f"{name} must have shape (n,), got {array.shape}")
    if count is not None and len(array) != count:
        raise ValueError(f"{name} must be as many as {owner}, {count}, got {len(array)}")
    if np.dtype(dtype).kind == "i" and array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got {array.dtype}")
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} must be less than 2**63, got {array.max()}")
    return _finite(array.astype(dtype), name)


def rows_of(values, name, width, meaning):
    """Return ``values`` as a new finite float32 array of shape (n, width)."""
    array = _numbers(values, name)
    with np.errstate(over="ignore"):  # what float32 does not hold is refused as infinite
        array = np.array(array, np.float32, order="C")
    if array.size == 0:
        array = np.zeros((0, width), np.float32)
    if array.ndim != 2 or array.shape[1] != width:
        raise ValueError(f"{name} must have shape (n, {width}), {meaning}, got {array.shape}")
    return _finite(array, name)


def at_least_zero(array, name):
    """Return an array; raise ``ValueError`` if one of its values is negative."""
    if (array < 0).any():
        raise ValueError(f"{name} must not be negative, got {array.min()}")
    return array


def _numbers(values, name):
    """Return values as an array of numbers."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of several lengths
        array = np.empty(0, object)
    if array.size and array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be an array of numbers, got {array.dtype}")
    if array.dtype == object:
        raise TypeError(f"{name} must be an array of numbers, got rows of several lengths")
    return array


def _finite(array, name):
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)][0]}")
    return array


def short(rows):
    """Return float32 rows as floats that print short: 0.1, not 0.10000000149011612."""
    return [[float(str(value)) for value in row] for row in rows]
