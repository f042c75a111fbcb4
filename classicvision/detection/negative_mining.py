"""Windows without the object that a cascade takes for it: what its next stage learns from.

Images are searched in an order that only the seed decides, several at once. The first round sees
each image as it is; each round after it mirrors or shrinks the images a little, so that the
windows are new ones. Early stages let so many windows pass that a part of each image is enough.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from classicvision._opencv import opencv
from classicvision._parallel import parallel_map
from classicvision.detection._crops import to_gray
from classicvision.detection.cascade_layers import find_layers
from classicvision.features._windows import sum_windows

_MOST_ROUNDS = 200  # over the images in one search: small and few ones hold nothing new
_SPARE = 4  # an image is searched until so many times the wanted windows should have passed


@dataclasses.dataclass(frozen=True)
class Cursor:
    """Where a search goes on: with this round over the images, at this place in its order."""

    round: int = 0
    place: int = 0


@dataclasses.dataclass(frozen=True, eq=False)
class Mined:
    """What a search has found so far.

    Attributes
    ----------
    crops : ndarray of uint8, shape (n, height, width)
    cursor : Cursor
    windows : int
        Windows searched.
    passed : int
        Windows that passed; at most some of each image became crops.
    images : int
        Images searched, each time counted.
    """

    crops: np.ndarray
    cursor: Cursor
    windows: int = 0
    passed: int = 0
    images: int = 0

    @property
    def acceptance_ratio(self):
        """The share of the windows that passed; 1 where none was searched."""
        return self.passed / self.windows if self.windows else 1.0


class Searched(NamedTuple):
    """What the search of one image found."""

    crops: np.ndarray  # at most as many as an image gives
    windows: int  # searched, of which so many
    passed: int
    room: bool = True  # whether a window fits into the image


@dataclasses.dataclass(frozen=True)
class NegativeMiner:
    """Searches images for windows that pass a cascade.

    What is found depends on the images, the cascade and the seed alone.

    Attributes
    ----------
    negatives : sequence of ndarray, each an image
        Opened when they are asked for; gray ones of uint8 are used as they are.
    window : tuple of int
        (width, height) in pixels.
    scale_factor : float
        Ratio of the sizes that are searched.
    most_of_image : int
        How many crops an image gives at most in a round.
    seed : int
    contrast : bool
        Leave out windows that detection takes for flat (where there is no detector to do so).
    n_jobs : int, optional
        How many images are searched at once.
    """

    negatives: object
    window: tuple[int, int]
    scale_factor: float
    most_of_image: int
    seed: int
    contrast: bool = False
    n_jobs: int | None = None

    def mine(self, detector, found, count, *, expected, budget, report):
        """Add windows to those found until there are ``count``, and return all.

        Parameters
        ----------
        detector : CascadeDetector, or None for any windows
        found : Mined
            Where to go on.
        count : int
            How many crops are wanted.
        expected : float
            What share of the windows may pass; of images with more of them than are needed
            only a part is searched.
        budget : int
            The search ends with the image that brings the windows to this number, or when each
            has been searched 200 times.
        report : callable
            Called with a `Mined` after each image; the search can go on from there.
        """
        most = _MOST_ROUNDS * len(self.negatives)

        def ended(found):
            return len(found.crops) >= count or found.windows >= budget or found.images >= most

        while not ended(found):
            first, room = found.cursor.place == 0, False
            order = self._rng(found.cursor.round).permutation(len(self.negatives))
            tasks = (
                (detector, found.cursor.round, int(image), expected)
                for image in order[found.cursor.place :]
            )
            for result in parallel_map(self.search_image, tasks, n_jobs=self.n_jobs):
                found, room = _add(found, result, len(order)), room or result.room
                report(found)
                if ended(found):
                    break
            if first and not room:
                break  # into no image a window fits
        return dataclasses.replace(found, crops=found.crops[:count])

    def search_image(self, task):
        """Return what a search of one image finds: `Searched`."""
        detector, number, image, expected = task
        rng = self._rng(number, image)
        gray = to_gray(self.negatives[image], f"negatives[{image}]")
        gray = self._varied(gray, number, rng)
        layers = find_layers(self.window, gray.shape, self.scale_factor, None, None)
        total = sum(columns * rows for columns, rows in (layer.lattice for layer in layers))
        if total == 0:
            return Searched(self._stacked([]), 0, 0, room=False)
        if detector is None:
            return self._any_windows(gray, layers, total, rng)
        share = self.most_of_image * _SPARE / max(expected * total, 1e-9)
        bands, found, windows = [], [np.zeros((0, 2), np.int64)], 0
        for layer in layers:
            step, (columns, rows) = layer.step, layer.lattice
            searched = rows if share >= 1 else int(share * rows + rng.random())
            if searched == 0:
                continue
            top = int(rng.integers(rows - searched + 1)) * step
            band = _resized(gray, layer.size)[top : top + (searched - 1) * step + self.window[1]]
            positions, _ = detector.scan(band, step, (columns, searched))
            bands += [band] * len(positions)
            found.append(positions * step)
            windows += columns * searched
        places = np.concatenate(found)
        kept = np.arange(len(places))
        if len(places) > self.most_of_image:
            kept = np.sort(rng.choice(len(places), self.most_of_image, replace=False))
        crops = [self._crop(bands[k], places[k]) for k in kept]
        return Searched(self._stacked(crops), windows, len(places))

    def _any_windows(self, gray, layers, total, rng):
        count = min(self.most_of_image, total)
        drawn = np.sort(rng.choice(total, count, replace=False))
        crops, first = [], 0
        for layer in layers:
            columns, rows = layer.lattice
            here = drawn[(drawn >= first) & (drawn < first + columns * rows)] - first
            first += columns * rows
            if len(here):
                places = np.stack([here % columns, here // columns], axis=1) * layer.step
                small = _resized(gray, layer.size)
                crops += [self._crop(small, place) for place in places]
        found = self._stacked(crops)
        if self.contrast:
            found = found[sum_windows(found).scale > 0]
        return Searched(found, count, len(found))

    def _crop(self, image, place):
        (x, y), (width, height) = place, self.window
        return image[y : y + height, x : x + width]

    def _stacked(self, crops):
        return np.array(crops, np.uint8).reshape(-1, *self.window[::-1])

    def _varied(self, gray, number, rng):
        """Make an image new to the search: mirrored in odd rounds, smaller from the second on."""
        if number % 2:
            gray = np.ascontiguousarray(gray[:, ::-1])
        if number:
            ratio = self.scale_factor ** -rng.random()
            size = tuple(max(1, round(side * ratio)) for side in gray.shape[::-1])
            gray = _resized(gray, size)
        return gray

    def _rng(self, *numbers):
        return np.random.default_rng([self.seed, *numbers])


def _resized(gray, size):
    if size == gray.shape[::-1]:
        return gray
    cv2 = opencv()
    return cv2.resize(gray, size, interpolation=cv2.INTER_LINEAR_EXACT)


def _add(found, result, images):
    place = found.cursor.place + 1
    end = place == images
    return Mined(
        crops=np.concatenate([found.crops, result.crops]) if len(result.crops) else found.crops,
        cursor=Cursor(found.cursor.round + end, 0 if end else place),
        windows=found.windows + result.windows,
        passed=found.passed + result.passed,
        images=found.images + 1,
    )
