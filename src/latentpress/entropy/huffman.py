"""Huffman codes of a small alphabet, canonical: lengths of codes tell the codes (Huffman 1952, Schwartz 1964).

Decoding follows no bit after another: the code at every bit is looked up, then those at which one really begins are
found by jumps of doubling length. Of long streams there is another form, in lanes that are read side by side.
"""

from __future__ import annotations

import heapq
import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy.fields import bits_of, pack_fields, unpack_fields
from latentpress.errors import CorruptFileError

__all__ = ["code_lengths", "decode_huffman", "decode_lanes", "encode_huffman", "encode_lanes"]

_LONGEST = 16
_LANE = 512  # symbols

Lengths = NDArray[np.int64]


def code_lengths(counts: NDArray[np.integer[Any]]) -> Lengths:
    """Lengths (n,) of the codes of symbols that occur so often; 0 for those that do not, at most 16 bits.

    Where the best code is longer, counts are made more alike until it is not.
    """
    counts = np.asarray(counts, np.int64)
    lengths = np.zeros(counts.size, np.int64)
    ticket = itertools.count()
    heap = [(int(counts[symbol]), next(ticket), [int(symbol)]) for symbol in np.flatnonzero(counts)]
    if len(heap) == 1:
        lengths[heap[0][2]] = 1
    heapq.heapify(heap)
    while len(heap) > 1:
        one, two = heapq.heappop(heap), heapq.heappop(heap)
        lengths[one[2] + two[2]] += 1
        heapq.heappush(heap, (one[0] + two[0], next(ticket), one[2] + two[2]))
    return lengths if lengths.max(initial=0) <= _LONGEST else code_lengths((counts + 1) // 2)


def encode_huffman(symbols: NDArray[np.uint8], alphabet: int) -> bytes:
    """Symbols (n,) below ``alphabet``: the lengths of its codes in 5 bits each, then the codes."""
    lengths = code_lengths(np.bincount(symbols, minlength=alphabet))
    codes = _codes(lengths)
    return pack_fields(
        np.concatenate([lengths, codes[symbols]]), np.concatenate([np.full(alphabet, 5), lengths[symbols]])
    )


def decode_huffman(data: bytes | memoryview, count: int, alphabet: int) -> NDArray[np.uint8]:
    """The inverse, of ``count`` symbols. Raises CorruptFileError for codes that are none."""
    bits = bits_of(data)
    if bits.size < 5 * alphabet + count:
        raise CorruptFileError("the stream is damaged: Huffman codes are missing")
    symbol, lengths = _lookup(bits[: 5 * alphabet])
    length = np.append(lengths, 1)
    coded = np.concatenate([bits[5 * alphabet :], np.zeros(_LONGEST, np.uint8)]).astype(np.int64)
    window = np.zeros(coded.size - _LONGEST, np.int64)
    for place in range(_LONGEST):
        window = window << 1 | coded[place : place + window.size]
    found = np.append(symbol[window], alphabet)  # at the end there is no code
    after = np.minimum(np.arange(found.size) + length[found], found.size - 1)
    starts = np.zeros(min(count, 1), np.int64)
    while starts.size < count:
        starts = np.concatenate([starts, after[starts]])[:count]
        after = after[after]
    if (found[starts] == alphabet).any():
        raise CorruptFileError("the stream is damaged: a Huffman code that is none")
    return found[starts].astype(np.uint8)


def encode_lanes(symbols: NDArray[np.uint8], alphabet: int) -> bytes:
    """Symbols (n,) below ``alphabet``: lengths of codes in 5 bits each; of each lane of 512 symbols how many bits it
    has, in 14; then the codes.
    """
    lengths = code_lengths(np.bincount(symbols, minlength=alphabet))
    bits = lengths[symbols]
    lanes = np.add.reduceat(bits, np.arange(0, symbols.size, _LANE)) if symbols.size else bits
    values = np.concatenate([lengths, lanes, _codes(lengths)[symbols]])
    return pack_fields(values, np.concatenate([np.full(alphabet, 5), np.full(lanes.size, 14), bits]))


def decode_lanes(data: bytes | memoryview, count: int, alphabet: int) -> NDArray[np.uint8]:
    """The inverse, of ``count`` symbols. Raises CorruptFileError for codes that are none."""
    lanes = -(-count // _LANE)
    head = 5 * alphabet + 14 * lanes
    bits = bits_of(memoryview(data)[: -(-head // 8)])
    if bits.size < head:
        raise CorruptFileError("the stream is damaged: Huffman codes are missing")
    symbol, lengths = _lookup(bits[: 5 * alphabet])
    sizes = unpack_fields(bits[5 * alphabet : head], np.full(lanes, 14))
    place = head + np.concatenate([[0], np.cumsum(sizes)])[:lanes].astype(np.int64)
    if head + sizes.sum() > 8 * len(data):
        raise CorruptFileError("the stream is damaged: Huffman codes are missing")
    octets = np.concatenate([np.frombuffer(data, np.uint8), np.zeros(2 * _LANE + 8, np.uint8)]).astype(np.uint32)
    windows = octets[:-3] << 24 | octets[1:-2] << 16 | octets[2:-1] << 8 | octets[3:]  # 32 bits from every byte on
    length = np.append(lengths, 0)
    found = np.empty((_LANE, lanes), symbol.dtype)
    for step in range(_LANE if lanes else 0):
        here = windows[place >> 3] << (place & 7).astype(np.uint32) >> np.uint32(32 - _LONGEST)
        found[step] = symbol[here]
        place = place + length[found[step]]
    one_by_one = found.T.ravel()[:count]
    if (one_by_one == alphabet).any():
        raise CorruptFileError("the stream is damaged: a Huffman code that is none")
    return one_by_one.astype(np.uint8)


def _lookup(bits: NDArray[np.uint8]) -> tuple[Lengths, Lengths]:
    """The symbol that every 16 bits begin with, and the lengths of codes, from their 5 bits each."""
    lengths = bits.reshape(-1, 5).astype(np.int64) @ (1 << np.arange(4, -1, -1))
    used = np.flatnonzero(lengths)
    room = int((1 << (_LONGEST - np.minimum(lengths[used], _LONGEST))).sum())
    if lengths.max() > _LONGEST or room > 1 << _LONGEST:
        raise CorruptFileError("the stream is damaged: lengths of Huffman codes that do not go together")
    order = used[np.argsort(lengths[used], kind="stable")]
    symbol = np.full(1 << _LONGEST, lengths.size, np.int64)
    symbol[:room] = np.repeat(order, 1 << (_LONGEST - lengths[order]))
    return symbol, lengths


def _codes(lengths: Lengths) -> Lengths:
    """Canonical codes: by length, then by symbol, each the number after the one before."""
    used = np.flatnonzero(lengths)
    order = used[np.argsort(lengths[used], kind="stable")]
    sizes = 1 << (_LONGEST - lengths[order])
    codes = np.zeros(lengths.size, np.int64)
    codes[order] = (np.cumsum(sizes) - sizes) >> (_LONGEST - lengths[order])
    return codes
