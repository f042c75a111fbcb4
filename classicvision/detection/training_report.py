"""What a training says while it runs."""

from __future__ import annotations

import sys
import time

_CHECKPOINT_SECONDS = 120.0
_FEWEST_STAGES = 4  # whose times tell how long the others may take
_GROWTH = 2.0  # from stage to stage at most: half as many windows pass
_LINE_SECONDS = 0.2  # between two states of a line that is overwritten


def counted(count, noun):
    """Return a number and what it counts: ``1 stage``, ``2 stages``."""
    return f"{count} {noun}{'s' * (count != 1)}"


class Report:
    """Lines on standard error, and the time of the next checkpoint."""

    def __init__(self, options, verbose, stages=0, windows=0):
        self._options, self._verbose = options, verbose
        self._begin = self._stage_begin = self._saved = self._shown = time.monotonic()
        self._terminal = verbose > 0 and sys.stderr is not None and sys.stderr.isatty()
        self._stages, self._seconds = stages, []
        self._windows = windows  # of the stage under way, searched before an interruption

    def going_on(self, checkpoint):
        """Say that stages, or windows found for one, need not be trained or searched again."""
        self._line(f"going on from {checkpoint}, after {counted(self._stages, 'stage')}")

    def mining(self, mined, count):
        """Take note of windows found; say whether it is time for a checkpoint."""
        now = time.monotonic()
        speed = (mined.windows - self._windows) / max(now - self._stage_begin, 1e-9)
        self._overwrite(
            f"stage {self._stages + 1}: {len(mined.crops):,} of {count:,} negatives, "
            f"{mined.windows:,} windows, {speed / 1e6:.1f} million a second, "
            f"{mined.acceptance_ratio:.2g} pass"
        )
        if now - self._saved < _CHECKPOINT_SECONDS:
            return False
        self._saved = now
        return True

    def weak_learner(self, count, hit_rate, false_alarm_rate):
        """Tell what the stage can do with so many weak learners."""
        text = (
            f"  {counted(count, 'weak learner')}: hit rate {hit_rate:.4f}, "
            f"false alarm rate {false_alarm_rate:.4f}"
        )
        if self._verbose > 1:
            self._line(text)
        else:
            self._overwrite(f"stage {self._stages + 1}:{text[1:]}")

    def stage(self, record):
        """Tell what a stage that is complete can do."""
        self._stages, self._windows = self._stages + 1, 0
        now = time.monotonic()
        seconds, self._stage_begin = now - self._stage_begin, now
        self._seconds.append(seconds)
        self._line(
            f"stage {self._stages} of {self._options['stages']}: "
            f"{counted(record['weak_learners'], 'weak learner')}, "
            f"hit rate {record['hit_rate']:.4f}, "
            f"false alarm rate {record['false_alarm_rate']:.4f}, "
            f"{record['acceptance_ratio']:.2g} of {record['windows']:,} windows passed, "
            f"{seconds:.1f} s, {now - self._begin:.0f} s in all{self._left()}"
        )

    def _left(self):
        """Say how long the other stages may take: each longer than the last by what it was."""
        stages = self._options["stages"] - self._stages
        if stages <= 0 or len(self._seconds) < _FEWEST_STAGES:
            return ""
        first, last = self._seconds[-_FEWEST_STAGES], self._seconds[-1]
        growth = min(max((last / max(first, 1e-3)) ** (1 / (_FEWEST_STAGES - 1)), 1.0), _GROWTH)
        left = sum(last * growth**k for k in range(1, stages + 1))
        return f", some {left:.0f} s left" if left < 100 else f", some {left / 60:.0f} min left"

    def _line(self, text):
        if self._verbose and sys.stderr is not None:
            start = "\r\033[K" if self._terminal else ""
            print(f"{start}{text}", file=sys.stderr, flush=True)

    def _overwrite(self, text):
        now = time.monotonic()
        if self._terminal and now - self._shown > _LINE_SECONDS:
            self._shown = now
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
