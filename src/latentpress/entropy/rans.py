"""Interleaved rANS: range asymmetric numeral systems (Duda 2013), many states in step (Giesen 2014).

A state below 2^32 takes in a symbol of chance f / 4096 by x -> (x // f) * 4096 + x % f + start; when it would become
too large its low 16 bits go to the stream first. Symbols are dealt to the states in turn, and all states share one
stream: a step of all of them is one operation on arrays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy.fields import bits_of, pack_fields
from latentpress.errors import CorruptFileError

__all__ = ["decode_rans", "encode_rans", "frequencies"]

_BITS = 12
_TOTAL = 1 << _BITS
_LOW = np.uint64(1 << 16)
_MOST_STATES, _SYMBOLS_EACH = 64, 1024

Unsigned = NDArray[np.uint64]


def frequencies(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Chances of 4096 for counts (n,), n <= 4096: in proportion, at least 1 for what occurs; all for the first if
    nothing does.
    """
    total = int(counts.sum())
    if not total:
        counts = np.eye(1, counts.size, dtype=np.int64)[0]
        total = 1
    shares: NDArray[np.int64] = np.where(counts > 0, np.maximum(counts * _TOTAL // total, 1), 0)
    excess = int(shares.sum()) - _TOTAL
    while excess > 0:  # many rare symbols: the commonest pay
        shares[np.argmax(shares)] -= 1
        excess -= 1
    shares[np.argmax(shares)] -= excess
    return shares


def encode_rans(symbols: NDArray[np.uint8], alphabet: int) -> bytes:
    """Symbols (n,) below ``alphabet``: chances in 13 bits each, states, stream."""
    shares = frequencies(np.bincount(symbols, minlength=alphabet).astype(np.int64))
    starts = np.cumsum(shares) - shares
    states = _states(symbols.size)
    x: Unsigned = np.full(states, _LOW)
    words = []
    for first in reversed(range(0, symbols.size, states)):
        row = symbols[first : first + states]
        f, part = shares[row].astype(np.uint64), x[: row.size]
        full = part >= f << np.uint64(32 - _BITS)
        words.append((part[full] & np.uint64(0xFFFF)).astype("<u2"))
        part = np.where(full, part >> np.uint64(16), part)
        x[: row.size] = (part // f << np.uint64(_BITS)) + part % f + starts[row].astype(np.uint64)
    head = pack_fields(shares, np.full(alphabet, _BITS + 1))
    return head + x.astype("<u4").tobytes() + b"".join(part.tobytes() for part in reversed(words))


def decode_rans(data: bytes | memoryview, count: int, alphabet: int) -> NDArray[np.uint8]:
    """The inverse, of ``count`` symbols. Raises CorruptFileError for a stream that does not end as it began."""
    head, states = -(-alphabet * (_BITS + 1) // 8), _states(count)
    if len(data) < head + 4 * states or (len(data) - head) % 2:
        raise CorruptFileError("the stream is damaged: states are missing")
    fields = bits_of(data[:head])[: alphabet * (_BITS + 1)].reshape(alphabet, -1)
    shares = fields.astype(np.int64) @ (1 << np.arange(_BITS, -1, -1))
    if shares.sum() != _TOTAL:
        raise CorruptFileError("the stream is damaged: chances that do not add up")
    of = np.repeat(np.arange(alphabet, dtype=np.uint8), shares)
    offset = np.arange(_TOTAL) - np.repeat(np.cumsum(shares) - shares, shares)
    x = np.frombuffer(data[head : head + 4 * states], "<u4").astype(np.uint64)
    words, position = np.frombuffer(data[head + 4 * states :], "<u2").astype(np.uint64), 0
    symbols = np.empty(count, np.uint8)
    for first in range(0, count, states):
        part = x[: min(states, count - first)]
        slot = (part & np.uint64(_TOTAL - 1)).astype(np.intp)
        symbols[first : first + part.size] = row = of[slot]
        part = shares[row].astype(np.uint64) * (part >> np.uint64(_BITS)) + offset[slot].astype(np.uint64)
        empty = np.flatnonzero(part < _LOW)
        if position + empty.size > words.size:
            raise CorruptFileError("the stream is damaged: it ends too early")
        part[empty] = part[empty] << np.uint64(16) | words[position : position + empty.size]
        position += empty.size
        x[: part.size] = part
    if position != words.size or (x != _LOW).any():
        raise CorruptFileError("the stream is damaged: it does not end as it began")
    return symbols


def _states(count: int) -> int:
    return min(max(count // _SYMBOLS_EACH, 1), _MOST_STATES)
