"""The quality that gives a file of a wanted size."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

__all__ = ["quality_for_size"]

_CLOSE = 0.015  # relative error of the size at which the search is over
_MOST_TRIES = 9


def quality_for_size(
    encode: Callable[[float], bytes],
    smallest: float,
    largest: float,
    size: float,
    *,
    whole: bool,
    at_most: bool = False,
    within: float = math.inf,
) -> tuple[float, bytes]:
    """Find the quality whose file comes nearest to ``size`` bytes; returns it with the file.

    encode: quality to file. smallest, largest: the qualities of the smallest and the largest file, so ``smallest`` may
    be the larger number. whole: whether the coder takes whole numbers only. at_most: whether a file above ``size`` is
    second to any below it. within: seconds after which no other file is begun.

    The logarithm of the size is taken to grow with the quality. Bisection brackets the size, and interpolation between
    the ends of the bracket shortens the way; at most nine files are made, over the whole range ends included.
    """
    ends: list[tuple[float, float | None]] = [(0.0, None), (1.0, None)]  # position, log of size / wanted; None: unknown
    best: tuple[tuple[bool, float], float, bytes] | None = None
    start, aim = time.monotonic(), size * (1 - _CLOSE / 2) if at_most else size
    tried: set[float] = set()
    position = 0.5
    for _ in range(_MOST_TRIES):
        quality = smallest + position * (largest - smallest)
        quality = float(round(quality)) if whole else round(quality, 3)
        if quality in tried:
            break
        tried.add(quality)
        data = encode(quality)
        error = math.log(len(data) / aim)
        merit = (at_most and len(data) > size, abs(error))
        if best is None or merit < best[0]:
            best = (merit, quality, data)
        if best[0] < (False, _CLOSE) or time.monotonic() - start > within:
            break
        ends[error > 0] = (position, error)
        position = _next(ends)
    assert best is not None
    return best[1], best[2]


def _next(ends: list[tuple[float, float | None]]) -> float:
    """Where to look between two ends."""
    (low, below), (high, above) = ends
    if below is not None and above is not None:
        share = min(max(-below / (above - below), 0.1), 0.9)
    elif high - low > 0.05:
        share = 0.8 if above is None else 0.2  # far towards the end whose size is not known yet
    else:
        share = 1.0 if above is None else 0.0  # the wanted size lies beyond the range: its end is the answer
    return low + (high - low) * share
