"""Set partitioning in hierarchical trees (Said and Pearlman 1996), a whole generation of a tree at a time.

The lists of the paper are masks here, a plane of them for each band, and a pass takes all entries of a list at once.
Sets are tried from the coarsest band on, so that those which one generation opens are tried with the next, in the same
pass as in the paper. What is coded is the same; the order within a pass is another, and the bits have contexts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveBits, even_bits
from latentpress.codecs.ports import Port
from latentpress.transforms.lifting import Bands

__all__ = ["Trees"]

Mask = NDArray[np.bool_]
Whole = NDArray[np.int32]

_EDGES = np.array([1, 2, 3, 5, 8, 12, 18], np.int8)  # classes of what is around a coefficient
_CLASSES, _BANDS, _KINDS = len(_EDGES) + 1, 8, 2


class Trees:
    """Coefficients (see `Bands`, of three planes) that become known bit by bit; all of them zero at the start.

    A coefficient of the coarse picture has the three of its place in the coarsest details as children, one of a detail
    the four of the same direction at its place in the next finer ones.

    known: magnitudes so far. negative: signs of those above 0. open: how much of each is not known, as a power of two.
    """

    def __init__(self, shapes: list[tuple[int, ...]], top: int) -> None:
        self.known = [np.zeros(shape, np.int32) for shape in shapes]
        self.negative = [np.zeros(shape, bool) for shape in shapes]
        self.unknown = [np.full(shape, top, np.int8) for shape in shapes]
        self._alone = [np.full(shape, number == 0) for number, shape in enumerate(shapes)]  # LIP
        self._families = [np.full(shape, number == 0) for number, shape in enumerate(shapes[:-1])]  # LIS, type A
        self._later = [np.zeros(shape, bool) for shape in shapes[:-2]]  # LIS, type B
        self._significance = self.chances()
        self._sets = AdaptiveBits("sets", _KINDS * _BANDS * 2 * 4 * 3, _KINDS * _BANDS)
        self._finer = AdaptiveBits("finer", _KINDS * _CLASSES * 2)

    def alone(self, port: Port, plane: int, wanted: Bands | None) -> None:
        """The pass over single coefficients that were not significant so far. wanted: signed coefficients, or None."""
        for odd in (0, 1):  # of a checkerboard: the second half knows the first
            for number, mask in enumerate(self._alone):
                self._try(port, plane, wanted, number, mask & _checkered(mask.shape, odd), 0)

    def sets(self, port: Port, plane: int, wanted: Bands | None) -> None:
        """The pass over sets of descendants: where one is significant, it is split."""
        largest = None if wanted is None else _descendants(wanted)
        for number, family in enumerate(self._families):
            hit = self._split(port, plane, largest and largest[0], number, family, 0)
            family &= ~hit
            children = _children(hit, number)
            for odd in (0, 1):
                self._try(port, plane, wanted, number + 1, children & _checkered(children.shape, odd), 1)
            self._alone[number + 1] |= children & (self.known[number + 1] == 0)
            if number < len(self._later):
                later = self._later[number]
                later |= hit
                hit = self._split(port, plane, largest and largest[1], number, later, 1)
                later &= ~hit
                self._families[number + 1] |= _children(hit, number)

    def refine(self, port: Port, plane: int, wanted: Bands | None) -> None:
        """The pass over coefficients that were significant before this plane."""
        for number, known in enumerate(self.known):
            mask = known >> plane > 1
            if not mask.any():
                continue
            around = self._around(number, plane)[mask]
            first = known[mask] >> (plane + 1) == 1  # its first bit after the leading one
            context = (_kind(mask)[mask] * _CLASSES + around) * 2 + first
            bits = self._finer.code(port, None if wanted is None else _bit(wanted[number][mask], plane), context)
            known[mask] |= bits.astype(np.int32) << plane
            self.unknown[number][mask] = plane

    def chances(self) -> AdaptiveBits:
        """Those of single coefficients, by `contexts`."""
        return AdaptiveBits("significance", _KINDS * _BANDS * _CLASSES * 4, _KINDS * _BANDS)

    def contexts(self, number: int, plane: int, mask: Mask, new: int) -> NDArray[Any]:
        """The contexts (n,) that coefficients of a mask of band ``number`` are tried in. new: 1 where their set has
        just been split.
        """
        parent = self._parents(number)[mask]
        place = _kind(mask)[mask] * _BANDS + number
        found: NDArray[Any] = ((place * _CLASSES + self._around(number, plane)[mask]) * 2 + parent) * 2 + new
        return found

    def signed(self) -> Whole:
        """What is known, of all bands one after another."""
        parts = [np.where(sign, -known, known).ravel() for known, sign in zip(self.known, self.negative, strict=True)]
        return np.concatenate(parts)

    def _try(self, port: Port, plane: int, wanted: Bands | None, number: int, mask: Mask, new: int) -> None:
        """Code whether the coefficients of a mask are significant, and the signs of those that are."""
        if not mask.any():
            return
        context = self.contexts(number, plane, mask, new)
        given = None if wanted is None else wanted[number][mask]
        hit = self._significance.code(port, None if given is None else _bit(given, plane), context)
        signs = even_bits(port, None if given is None else given[hit] < 0, int(hit.sum()))
        where = np.flatnonzero(mask)[hit]
        self.known[number].ravel()[where] = 1 << plane
        self.negative[number].ravel()[where] = signs
        self.unknown[number][mask] = plane
        self._alone[number].ravel()[where] = False

    def _split(self, port: Port, plane: int, largest: Bands | None, number: int, mask: Mask, kind: int) -> Mask:
        """Which sets of a mask are significant."""
        if not mask.any():
            return mask.copy()
        own = np.minimum(self.known[number][mask] >> plane, 2)
        split = ~self._families[number] if kind == 0 else _split_already(self, number)
        near = np.minimum(_cross(split)[mask], 3)
        context = (((_kind(mask)[mask] * _BANDS + number) * 2 + kind) * 4 + near) * 3 + own
        hit = mask.copy()
        hit[mask] = self._sets.code(port, None if largest is None else largest[number][mask] >> plane > 0, context)
        return hit

    def _around(self, number: int, plane: int) -> NDArray[np.int8]:
        """Classes of how large the eight coefficients around are known to be."""
        size = np.minimum(self.known[number] >> plane, 2).astype(np.int8)
        classes: NDArray[np.int8] = np.searchsorted(_EDGES, _ring(size), side="right").astype(np.int8)
        return classes

    def _parents(self, number: int) -> NDArray[np.int8]:
        """1 where the parent of a coefficient is significant."""
        if number == 0:
            return np.zeros(self.known[0].shape, np.int8)
        return _children(self.known[number - 1] > 0, number - 1).astype(np.int8)


def _split_already(trees: Trees, number: int) -> Mask:
    return ~(trees._families[number] | trees._later[number])


def _descendants(wanted: Bands) -> tuple[Bands, Bands]:
    """Of each coefficient with children the largest magnitude among all its descendants, and among those after the
    children.
    """
    every: Bands = [np.zeros_like(wanted[-1])]
    for number in reversed(range(len(wanted) - 1)):
        every.insert(0, _largest(np.maximum(np.abs(wanted[number + 1]), every[0]), number))
    return every[:-1], [_largest(every[number + 1], number) for number in range(len(every) - 2)]


def _children(mask: Mask, number: int) -> Mask:
    """The children of the coefficients of a band."""
    return mask.repeat(3, axis=0) if number == 0 else mask.repeat(2, axis=1).repeat(2, axis=2)


def _largest(magnitudes: Whole, number: int) -> Whole:
    """The largest of the children of each coefficient of a band."""
    planes, height, width = magnitudes.shape
    if number == 0:
        largest: Whole = magnitudes.reshape(planes // 3, 3, height, width).max(axis=1)
    else:
        largest = magnitudes.reshape(planes, height // 2, 2, width // 2, 2).max(axis=(2, 4))
    return largest


def _kind(mask: Mask) -> NDArray[np.int16]:
    """0 for luma, 1 for chroma."""
    kinds = (np.arange(len(mask)) >= len(mask) // 3).astype(np.int16)
    return np.broadcast_to(kinds[:, None, None], mask.shape)


def _bit(values: Whole, plane: int) -> Mask:
    bit: Mask = np.abs(values) >> plane & 1 > 0
    return bit


def _checkered(shape: tuple[int, ...], odd: int) -> Mask:
    half: Mask = (np.arange(shape[1])[:, None] + np.arange(shape[2])) % 2 == odd
    return half


def _cross(mask: Mask) -> NDArray[np.int8]:
    """How many of the four neighbours are in the mask."""
    padded = np.pad(mask.astype(np.int8), ((0, 0), (1, 1), (1, 1)))
    total: NDArray[np.int8] = padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1] + padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]
    return total


def _ring(size: NDArray[np.int8]) -> NDArray[np.int8]:
    """Sums over the eight around, those at sides twice."""
    padded = np.pad(size, ((0, 0), (1, 1), (1, 1)))
    rows = padded[:, :-2] + padded[:, 2:] + 2 * padded[:, 1:-1]
    total: NDArray[np.int8] = rows[:, :, :-2] + rows[:, :, 2:] + 2 * rows[:, :, 1:-1] - 4 * size
    return total
