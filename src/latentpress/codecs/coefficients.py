"""Coefficients of blocks as symbols: each with a scale that the magnitudes around it foretell, in whole numbers.

Coefficients stand in the order of their variance, in groups that grow along it. A group is coded for all blocks, from
coarse to fine, before the next begins. So what is known of a coefficient are the groups before its own, in its block
and in the eight around, and its own group in blocks that came earlier. Its scale is a weighted sum of these magnitudes,
and names the probability table; the weights are those of a model package, fitted by `training.coefficients`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.interlaced import Batch, interlaced
from latentpress.codecs.latent import Values
from latentpress.codecs.ports import Port
from latentpress.codecs.rounding import Rounding
from latentpress.entropy import ProbabilityTables

__all__ = ["KINDS", "LEADING", "MEAN_BITS", "ONE", "SCALES", "TABLES", "Activity", "CoefficientCoder", "groups"]
__all__ += ["kind", "nine", "table_of"]

LEADING = 3
"""Coefficients of the first group: about the mean of each plane. They are foretold from the blocks around."""

ONE = 2**16
"""The unit of weights: a scale of one step."""

SCALES = np.rint(2.0 ** (np.arange(8, 92) / 4)).astype(np.int64)
"""Scales, in 1/65536 of a step, from each of which on another probability table counts."""

TABLES = 1 + 2 * (len(SCALES) + 1)
"""Table 0, which codes nothing (`Rounding`) and is never named; those of the first group; those of all others."""

KINDS = 4
"""Of batches, by what is known of a group: nothing; far blocks; corners; sides."""

MEAN_BITS = 12
"""The weights of means are in 1/4096."""

_LIMIT = 2**13
_GROWTH = 1.35

Whole = NDArray[np.int64]


def groups(count: int) -> list[slice]:
    """The groups that ``count`` coefficients are coded in."""
    ends, size = [0, LEADING], float(LEADING)
    while ends[-1] < count:
        ends.append(min(count, ends[-1] + int(size)))
        size *= _GROWTH
    return [slice(*part) for part in itertools.pairwise(ends)]


def kind(batch: Batch) -> int:
    """Of the `KINDS`, that of a batch."""
    return min(batch.reach, 1) if batch.reach != 1 else 3 - batch.corners


def nine(planes: NDArray[Any]) -> NDArray[Any]:
    """Each place and the eight around it, at edges the nearest: (..., height, width) to (9, ..., height, width)."""
    height, width = planes.shape[-2:]
    padded = np.pad(planes, [(0, 0)] * (planes.ndim - 2) + [(1, 1), (1, 1)], mode="edge")
    return np.stack([padded[..., y : y + height, x : x + width] for y in range(3) for x in range(3)])


def table_of(scale: NDArray[Any], group: int) -> NDArray[np.uint8]:
    """The probability table of each scale of a group."""
    return (1 + np.searchsorted(SCALES, scale, side="right") + (TABLES // 2) * (group > 0)).astype(np.uint8)


class Activity:
    """What is known of magnitudes while symbols (coefficients, height, width) are coded. Later ones must still be 0."""

    def __init__(self, symbols: Whole) -> None:
        self.symbols = symbols
        self._sums: list[Whole] = [np.ones(symbols.shape[1:], np.int64)]

    def around(self, part: slice, batch: Batch) -> tuple[Whole, Whole]:
        """For the coefficients ``part`` of a batch (rows, columns): the sum of the same coefficient in its known
        neighbours (n, rows, columns), and what all share, (2 + 2 * groups before, rows, columns): the total of that
        sum, one, and of each group before the sums here and in the blocks around.
        """
        shared = np.stack([plane[batch.places] for plane in self._sums])
        own = np.zeros((part.stop - part.start, *shared.shape[1:]), np.int64)
        if batch.reach:
            own += np.abs(batch.known(self.symbols[part])).sum(axis=0)
        return own, np.concatenate([own.sum(axis=0)[None], shared])

    def close(self, part: slice) -> None:
        """A group has been coded."""
        here = np.abs(self.symbols[part]).sum(axis=0)
        self._sums += [here, nine(here).sum(axis=0) - here]


class CoefficientCoder:
    """The walk, with the tables of a package: ``weights`` (anchors, `KINDS`, K, 3 + 2 * groups before the last) of what
    `Activity` knows, ``means`` (coefficients after the leading ones, 9 * LEADING) of the leading values around, and
    ``counts`` and ``radius`` of the probability tables. foretells: whether values follow from those around; those of
    residuals do not, only their magnitudes do. whole: whether all that is decoded is whole numbers of steps.

    Raises KeyError, ValueError or InvalidInputError for arrays that do not fit together.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], foretells: bool = True, whole: bool = False) -> None:
        self.foretells, self._unit = foretells, 16 if whole else 1
        self._weights, self._means = arrays["weights"].astype(np.int64), arrays["means"].astype(np.int64)
        self.tables = ProbabilityTables(arrays["counts"], arrays["radius"])
        self.groups, self.fitted = groups(self._weights.shape[2]), len(self._means) > 0
        if self._weights.shape[1:] != (KINDS, self.groups[-1].stop, 1 + 2 * len(self.groups)):
            raise ValueError(f"weights of shape {self._weights.shape}")
        if len(self.tables) != TABLES or self._means.shape[1:] != (9 * LEADING,):
            raise ValueError(f"{len(self.tables)} probability tables, means of shape {self._means.shape}")

    def code(
        self,
        port: Port,
        mix: NDArray[np.float32],
        shape: tuple[int, int],
        x: NDArray[np.float32] | None,
        weight: float,
        kept: NDArray[np.bool_] | None = None,
    ) -> Values:
        """Code coefficients x (K, h, w) in steps, or None. mix (anchors,): interpolation weights of the rate in whole
        steps. weight: see `Rounding`. kept (K, h, w): which of them have a symbol, if not all; the others are what is
        foretold of them.
        """
        rounding = Rounding(self.tables, weight)
        weights = np.tensordot(mix.astype(np.int64), self._weights, 1)
        values = np.zeros((self.groups[-1].stop, *shape), np.int64)  # in sixteenths of a step
        known, batches = Activity(np.zeros_like(values)), list(interlaced(*shape))
        for number, part in enumerate(self.groups):
            means = self._foretold(values, part)
            for batch in batches:
                own, shared = known.around(part, batch)
                of = weights[kind(batch), part, : 1 + len(shared)]
                scale = own * of[:, :1, None] + np.tensordot(of[:, 1:], shared, 1)
                places = (part, *batch.places)
                index = table_of(scale // int(mix.sum()), number)
                index = (index if kept is None else np.where(kept[places], index, np.uint8(0))).ravel()
                mean = means[(slice(None), *batch.places)]
                if number == 0 and batch.reach and self.foretells:
                    mean = (batch.known(values[part]).sum(axis=0) + 2) >> 2
                mean = (mean + self._unit // 2) // self._unit * self._unit
                wanted = None if x is None else rounding.round((x[places] - _in_steps(mean)).ravel(), index)
                symbols = port.symbols(wanted, index, self.tables, _LIMIT, "coefficients").reshape(mean.shape)
                known.symbols[places] = symbols
                values[places] = 16 * symbols + mean
            known.close(part)
        return Values(_in_steps(values), (known.symbols.astype(np.int32),))

    def _foretold(self, values: Whole, part: slice) -> Whole:
        """Means of a group (n, h, w): what the leading values around say of the slopes in a block."""
        out = np.zeros((part.stop - part.start, *values.shape[1:]), np.int64)
        means = self._means[part.start - LEADING : part.stop - LEADING] if part.start else self._means[:0]
        if len(means):
            seen = nine(values[:LEADING]).reshape(-1, *values.shape[1:])
            out[: len(means)] = (np.tensordot(means, seen, 1) + (1 << MEAN_BITS - 1)) >> MEAN_BITS
        return out


def _in_steps(sixteenths: Whole) -> NDArray[np.float32]:
    steps: NDArray[np.float32] = sixteenths.astype(np.float32) / np.float32(16)
    return steps
