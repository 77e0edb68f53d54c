"""What people said of pictures, in numbers: opinion scores, screening of observers, scales of paired comparisons."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentpress._extras import needs_extra
from latentpress.errors import InvalidInputError

__all__ = ["BradleyTerry", "Opinions", "bradley_terry", "opinion_scores", "outlying_observers"]

_NORMAL = (2.0, 4.0)  # kurtosis of scores that are taken for normal,
_SPREADS = (2.0, math.sqrt(20))  # and of how many standard deviations a score may then be away, and otherwise
_OFTEN, _BALANCE = 0.05, 0.3
_Z = 1.959964  # 95 % of a normal distribution
_ROUNDS = 10_000
_STILL = 1e-10

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Opinions:
    """mean (stimuli,): mean opinion scores. interval: half width of their 95 % confidence intervals (Student's t), NaN
    of a stimulus that fewer than two have seen. count: observers of each.
    """

    mean: Floats
    interval: Floats
    count: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BradleyTerry:
    """worth (items,): natural logarithm of the worth of each, 0 in the mean; that of i is preferred to that of j with
    odds exp(worth[i] - worth[j]). interval: half width of the 95 % confidence intervals, from the information matrix.
    """

    worth: Floats
    interval: Floats


def opinion_scores(scores: ArrayLike) -> Opinions:
    """Mean opinion scores of ``scores`` (observers, stimuli), NaN where an observer gave none.

    Raises InvalidInputError for another shape or no scores at all, MissingExtraError without SciPy (extra ``bench``).
    """
    given = _scores(scores)
    with needs_extra("confidence intervals", "bench"):
        from scipy.stats import t
    count = np.isfinite(given).sum(axis=0)
    mean = np.nansum(given, axis=0) / np.maximum(count, 1)
    squares = np.nansum(np.square(given - mean), axis=0)
    some = np.maximum(count - 1, 1)
    half = t.ppf(0.975, some) * np.sqrt(squares / some / np.maximum(count, 1))
    return Opinions(np.where(count > 0, mean, np.nan), np.where(count > 1, half, np.nan), count)


def outlying_observers(scores: ArrayLike) -> list[int]:
    """Rows of observers whose scores do not go with the others', by the procedure of ITU-R BT.500 (part 1, annex on
    screening): more than 5 % of them lie outside of what the stimulus's mean and spread allow, on both sides alike.

    scores: (observers, stimuli), NaN where there is none. Raises InvalidInputError as `opinion_scores`.
    """
    given = _scores(scores)
    count = np.isfinite(given).sum(axis=0)
    away = given - np.nansum(given, axis=0) / np.maximum(count, 1)
    second, fourth = (np.nansum(away**power, axis=0) / np.maximum(count, 1) for power in (2, 4))
    with np.errstate(invalid="ignore", divide="ignore"):
        kurtosis = fourth / np.square(second)
    normal = (kurtosis >= _NORMAL[0]) & (kurtosis <= _NORMAL[1])
    spread = np.sqrt(second * count / np.maximum(count - 1, 1)) * np.where(normal, *_SPREADS)
    above, below = ((sign * away > spread) & (spread > 0) for sign in (1, -1))
    high, low = above.sum(axis=1), below.sum(axis=1)
    seen = np.isfinite(given).sum(axis=1)
    outside = high + low
    rejected = (outside > _OFTEN * seen) & (np.abs(high - low) < _BALANCE * outside)
    return [int(row) for row in np.flatnonzero(rejected)]


def bradley_terry(wins: ArrayLike) -> BradleyTerry:
    """The scale on which paired comparisons are most likely (Bradley and Terry 1952, by the algorithm of Hunter 2004).

    wins (items, items): how often the item of the row was preferred to that of the column; a tie is half a win of each.
    Raises InvalidInputError for another shape, negative counts, and where the data set no bound to some item's worth:
    it, or a group that it is in, has always won or always lost.
    """
    won = np.asarray(wins, np.float64)
    if won.ndim != 2 or won.shape[0] != won.shape[1] or len(won) < 2 or not np.isfinite(won).all() or (won < 0).any():
        raise InvalidInputError("wins are a square table of counts of at least two items")
    won = won * (1 - np.eye(len(won)))
    if not _connected(won):
        raise InvalidInputError(
            "some items have always won or always lost against the rest: the scale has no end there"
        )
    met = won + won.T
    worth = np.ones(len(won))
    for _ in range(_ROUNDS):
        before = worth
        worth = won.sum(axis=1) / (met / (worth[:, None] + worth)).sum(axis=1)
        worth /= np.exp(np.log(worth).mean())
        if np.abs(np.log(worth / before)).max() < _STILL:
            break
    chance = worth[:, None] / (worth[:, None] + worth)
    weight = met * chance * (1 - chance)
    information = np.diag(weight.sum(axis=1)) - weight
    variance = np.diag(np.linalg.pinv(information))  # of the contrast to the mean, which is held at 0
    return BradleyTerry(np.log(worth), _Z * np.sqrt(variance))


def _scores(scores: ArrayLike) -> Floats:
    given: NDArray[Any] = np.asarray(scores, np.float64)
    if given.ndim != 2 or not np.isfinite(given).any():
        raise InvalidInputError("scores are a table of observers and stimuli with at least one score")
    return given


def _connected(won: Floats) -> bool:
    """Whether every item can be reached from every other one along wins."""
    reach = (won > 0) | np.eye(len(won), dtype=bool)
    for _ in range(len(won)):
        reach = reach | (reach @ reach)
    return bool(reach.all())
