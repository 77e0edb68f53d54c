"""What a network may know of a coefficient before its significance is coded, and trees that code by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveBits
from latentpress.codecs.trees import Trees
from latentpress.systems.filter_bank.layout import CENTRE, LOGIT_BITS, LOGITS

__all__ = ["FEATURES", "Listening", "Seeing"]

_MOST = 7  # of a magnitude, in units of the plane
_ONE = 1 << 5  # as activations of integer layers have it
_NEAR = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)] + [(-2, 0), (2, 0), (0, -2), (0, 2)]
_SIDES = [(-1, 0), (1, 0), (0, -1), (0, 1)]
_BANDS, _TOP, _REACH = 6, 14, 2

FEATURES = len(_NEAR) + len(_SIDES) + 5 + 3 + 2 * _BANDS + 2

Mask = NDArray[np.bool_]

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class Listening(Trees):
    """Trees that keep what a network would know of coefficients, (n, `FEATURES`), and whether each was significant."""

    def __init__(self, shapes: list[tuple[int, ...]], top: int, wanted: Sequence[NDArray[Any]]) -> None:
        super().__init__(shapes, top)
        self._wanted = wanted
        self.heard: list[tuple[NDArray[np.uint8], Mask]] = []

    def contexts(self, number: int, plane: int, mask: Mask, new: int) -> NDArray[Any]:
        """See `Trees.contexts`."""
        hit = np.abs(self._wanted[number][mask]) >> plane & 1 > 0
        self.heard.append((_features(self, number, plane, mask, new), hit))
        return super().contexts(number, plane, mask, new)


class Seeing(Trees):
    """Trees whose single coefficients are coded in the contexts that a network tells apart: its logits, each with a
    chance that adapts. run: features (1, `FEATURES`, n, 1) to logits (1, 1, n, 1), in whole numbers.
    """

    def __init__(self, shapes: list[tuple[int, ...]], top: int, run: Run) -> None:
        super().__init__(shapes, top)
        self._run = run

    def chances(self) -> AdaptiveBits:
        """One for each logit."""
        return AdaptiveBits("significance", LOGITS)

    def contexts(self, number: int, plane: int, mask: Mask, new: int) -> NDArray[Any]:
        """See `Trees.contexts`."""
        seen = _features(self, number, plane, mask, new) * np.float32(1 / _ONE)
        logits = self._run(np.ascontiguousarray(seen.T)[None, :, :, None])[0, 0, :, 0]
        found: NDArray[Any] = np.rint(logits * 2**LOGIT_BITS).astype(np.int64) + CENTRE
        return found


def _features(trees: Trees, number: int, plane: int, mask: Mask, new: int) -> NDArray[np.uint8]:
    """(n, `FEATURES`) in 1/32: magnitudes in units of the plane of those near, of the parent, of the other directions
    and of luma at the same place; which neighbours were tried in this plane; band, colour and plane.
    """
    channel, row, column = np.nonzero(mask)
    sizes = np.minimum(trees.known[number] >> plane, _MOST)
    padded = np.pad(sizes, ((0, 0), (_REACH, _REACH), (_REACH, _REACH)))
    tried = np.pad(trees.unknown[number] == plane, ((0, 0), (1, 1), (1, 1)))
    columns: list[Any] = [padded[channel, _REACH + row + y, _REACH + column + x] for y, x in _NEAR]
    columns += [tried[channel, 1 + row + y, 1 + column + x] for y, x in _SIDES]
    nothing = np.zeros(len(channel), np.int32)
    parent, others, luma = nothing, [nothing] * 2, nothing
    colours = len(mask) // 3
    if number:
        above = trees.known[number - 1]
        at = (channel // 3, row, column) if number == 1 else (channel, row // 2, column // 2)
        parent = np.minimum(above[at] >> plane, _MOST)
        others = [sizes[channel - channel % 3 + (channel + turn) % 3, row, column] for turn in (1, 2)]
    luma = np.where(channel >= colours, sizes[channel % colours, row, column], 0)
    columns += [parent, *others, luma, np.maximum(parent, luma)]
    columns += [channel % 3 == direction if number else nothing for direction in range(3)]
    place = number + _BANDS * (channel >= colours)
    columns += [place == one for one in range(2 * _BANDS)]
    columns += [nothing + new, nothing + _MOST * plane / _TOP]
    found: NDArray[np.uint8] = (_ONE * np.stack(columns, axis=1)).astype(np.uint8)
    return found
