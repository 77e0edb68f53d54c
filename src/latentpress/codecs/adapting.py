"""Chances that adapt: of each context how often a bit was 0 and 1 so far, the same on both sides. Whole numbers as such
bits, and bytes as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.ports import EVEN, Port
from latentpress.entropy import TOTAL
from latentpress.errors import CorruptFileError

__all__ = ["AdaptiveBits", "AdaptiveValues", "even_bits", "plain_bytes"]

_START = 2  # zeros and ones that contexts which are alike are as if they had seen
_WEIGHT = 16  # bits that their mean counts for in each of them
_PRIOR = 1  # zeros and ones that each context is as if it had seen
_MOST = 2**13  # bits of a context that count; older ones fade
_RAREST = 32  # of 65536
_PORTION = 4  # bits of a context until its chances first change
_UNARY = 14  # magnitudes below are counted up, bit by bit
_LONGEST = 20  # bits of what is above
_PIECE = 2**16  # bytes that are coded at a time


class AdaptiveBits:
    """Bits in ``contexts`` contexts. What a call is to code goes in portions, each one operation of the coder: first
    the bits by which a context doubles what it has seen, then those by which it doubles that, and so on; chances are
    those of before a portion. name: what they are, for those who count.

    alike: contexts i, i + contexts / alike and so on are expected to be alike, until they show what they are.
    """

    def __init__(self, name: str, contexts: int, alike: int = 1) -> None:
        self._name, self._alike, self._age = name, alike, np.zeros(contexts, np.int64)
        self._seen = np.zeros((2, contexts), np.int64)

    def code(self, port: Port, wanted: NDArray[Any] | None, context: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
        """Code bits (1-D), each in a context; wanted: None where a decoder does not know them."""
        bits = np.zeros(context.size, bool)
        order = np.argsort(context.astype(np.uint16), kind="stable")
        sizes = np.bincount(context, minlength=self._age.size)
        age = self._age[context]
        age[order] += np.arange(context.size) - (np.cumsum(sizes) - sizes)[context[order]]
        rounds = np.frexp(age / _PORTION + 1)[1]
        for number in np.unique(rounds):
            part = rounds == number
            bits[part] = self._portion(port, None if wanted is None else wanted[part], context[part])
        self._age += sizes
        return bits

    def _portion(self, port: Port, wanted: NDArray[Any] | None, context: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
        zeros, ones = self._seen
        all_zeros, all_ones = self._seen.reshape(2, self._alike, -1).sum(axis=1) + _START
        usual = np.tile(_WEIGHT * TOTAL * all_ones // (all_zeros + all_ones), self._alike)
        chances = (TOTAL * (ones + _PRIOR) + usual) // (zeros + ones + 2 * _PRIOR + _WEIGHT)
        chances = np.clip(chances, _RAREST, TOTAL - _RAREST).astype(np.uint32)
        bits: NDArray[np.bool_] = port.bits(wanted, context, chances, self._name) != 0
        counts = np.bincount(context, minlength=ones.size), np.bincount(context[bits], minlength=ones.size)
        self._seen += counts[0] - counts[1], counts[1]
        too_many = self._seen.sum(axis=0) > _MOST
        self._seen[:, too_many] = self._seen[:, too_many] * _MOST // self._seen[:, too_many].sum(axis=0)
        return bits


def even_bits(port: Port, wanted: NDArray[Any] | None, count: int) -> NDArray[np.bool_]:
    """Code ``count`` bits of which nothing is known."""
    bits: NDArray[np.bool_] = port.bits(wanted, np.zeros(count, np.intp), EVEN, "even") != 0
    return bits


class AdaptiveValues:
    """Whole numbers in ``contexts`` contexts: whether a magnitude is above 0, above 1 and so on, each with chances that
    adapt; from 14 on an Exp-Golomb code; signs as they are.
    """

    def __init__(self, name: str, contexts: int, alike: int = 1) -> None:
        self._above = [AdaptiveBits(f"{name} above {size}", contexts, alike) for size in range(_UNARY)]

    def code(self, port: Port, wanted: NDArray[Any] | None, context: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
        """Code numbers below 2^20 (1-D), each in a context. Raises CorruptFileError for larger ones."""
        sizes, left = np.zeros(context.size, np.int64), np.arange(context.size)
        given = None if wanted is None else np.abs(wanted)
        for size, above in enumerate(self._above):
            if not left.size:
                break
            more = above.code(port, None if given is None else given[left] > size, context[left])
            left = left[more]
            sizes[left] += 1
        if left.size:
            sizes[left] += _exponential(port, None if given is None else given[left] - _UNARY, left.size)
        seen = sizes > 0
        signs = even_bits(port, None if wanted is None else wanted[seen] < 0, int(seen.sum()))
        sizes[seen] = np.where(signs, -sizes[seen], sizes[seen])
        return sizes.astype(np.int32)


def _exponential(port: Port, wanted: NDArray[Any] | None, count: int) -> NDArray[np.int64]:
    """Exp-Golomb codes of ``count`` numbers, all first bits, then all second ones and so on."""
    given = None if wanted is None else wanted + 1
    lengths, left = np.zeros(count, np.int64), np.arange(count)
    while left.size:
        left = left[even_bits(port, None if given is None else given[left] >> (lengths[left] + 1) > 0, left.size)]
        lengths[left] += 1
        if lengths.max() > _LONGEST:
            raise CorruptFileError("the symbol stream is damaged: a number is out of range")
    values = np.ones(count, np.int64)
    for place in reversed(range(int(lengths.max(initial=0)))):
        left = np.flatnonzero(lengths > place)
        bits = even_bits(port, None if given is None else given[left] >> place & 1, left.size)
        values[left] = values[left] << 1 | bits
    return values - 1


def plain_bytes(port: Port, wanted: bytes | None, most: int) -> bytes:
    """Code a string of bytes as it is, with its length in 32 bits. Raises CorruptFileError for one above ``most``."""
    place = np.arange(31, -1, -1)
    head = even_bits(port, None if wanted is None else len(wanted) >> place & 1, place.size)
    length = int((head.astype(np.int64) << place).sum())
    if length > most:
        raise CorruptFileError("the symbol stream is damaged: a part of it is too long")
    parts = []
    for start in range(0, length, _PIECE):  # a claimed length takes no memory before it is read
        piece = None if wanted is None else np.unpackbits(np.frombuffer(wanted[start : start + _PIECE], np.uint8))
        parts.append(np.packbits(even_bits(port, piece, 8 * min(_PIECE, length - start))).tobytes())
    return b"".join(parts)
