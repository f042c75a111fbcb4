"""The arrays of an index on disk: files that only grow, of one fixed-size row after the other."""

from __future__ import annotations

import os
import re
import zlib
from dataclasses import dataclass

import numpy as np

from classicvision.images.reading import display_name

_BLOCK = 1 << 22  # bytes that are copied, or summed up, at a time
FILE = re.compile(r"(\d{6,})-([a-z]+|\d{6,})\.(rows|segment)")  # generation-column, -segment
PART = re.compile(r"\.\d+-[0-9a-f]{8}\.part|catalogue\.sqlite\.part.*")  # of writing a file


@dataclass(frozen=True)
class Column:
    """An array of an index: what each of its rows holds, and whether a row is an image's."""

    name: str
    dtype: str
    width: int = 1
    per_image: bool = False

    @property
    def row_bytes(self):
        """The bytes of a row."""
        return np.dtype(self.dtype).itemsize * self.width

    def path(self, folder, generation):
        """Return the name of the file that holds the array in this generation."""
        return os.path.join(folder, f"{generation:06d}-{self.name}.rows")

    def shape(self, rows):
        """Return the shape of so many rows."""
        return (rows, self.width) if self.width > 1 else (rows,)

    def encode(self, values):
        """Return rows as the bytes that the file holds."""
        return np.ascontiguousarray(values, self.dtype).tobytes()

    def map(self, folder, generation, rows):
        """Return the first ``rows`` rows as a read-only array on disk."""
        return map_array(self.path(folder, generation), 0, self.dtype, self.shape(rows))

    def read(self, folder, generation, first, rows):
        """Return some rows as an array in memory."""
        with open(self.path(folder, generation), "rb") as file:
            file.seek(first * self.row_bytes)
            values = np.fromfile(file, self.dtype, rows * self.width)
        return values.reshape(self.shape(rows))


# What is kept of each keypoint, and of each image. SIFT's descriptors are whole numbers to 255.
COLUMNS = (
    Column("points", "<f4", 4),  # x, y and diameter in pixels, angle in radians
    Column("descriptors", "|u1", 128),
    Column("words", "<u4"),
    Column("signatures", "<u8"),
    Column("angles", "|u1"),
    Column("scales", "|u1"),
    Column("weights", "<f4", per_image=True),
    Column("vectors", "|u1", 512, per_image=True),
)
COLUMN = {column.name: column for column in COLUMNS}


def map_array(path, offset, dtype, shape, mode="r"):
    """Return an array on disk, read-only (or copied on writing, "c"); an empty one is in memory."""
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.memmap(path, dtype, mode, offset, shape)


def append_rows(path, position, data):
    """Write ``data`` at the end of what is committed, and wait until it is on the disk."""
    new = not os.path.exists(path)
    with open(path, "xb" if new else "r+b") as file:
        file.seek(position)
        file.write(data)
        sync(file)
    if new:
        sync_folder(os.path.dirname(path))


def copy_ranges(source, target, ranges):
    """Write the bytes of the ``(start, stop)`` of one file, one after the other, as another."""
    with open(source, "rb") as old, open(target, "wb") as new:
        for start, stop in ranges:
            old.seek(start)
            while start < stop:
                block = old.read(min(stop - start, _BLOCK))
                if not block:
                    raise ValueError(f"{display_name(source)}: shorter than its catalogue says")
                new.write(block)
                start += len(block)
        sync(new)


def checksum(path):
    """Return the CRC-32 of a file, read a block at a time."""
    value = 0
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            value = zlib.crc32(block, value)
    return value


def sync(file):
    """Wait until what was written to an open file is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder):
    """Wait until the names of new files are on the disk; Windows has no such call."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_size(path, size):
    """Raise ``ValueError`` for a file that is shorter than ``size`` bytes."""
    found = os.path.getsize(path)
    if found < size:
        raise ValueError(
            f"{display_name(path)}: {found} bytes, the catalogue says {size}; the index is "
            "damaged, build it anew"
        )
