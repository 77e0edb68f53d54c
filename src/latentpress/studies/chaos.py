"""Encryption of bytes by a logistic map, as papers on chaos propose it, in whole numbers; and how it is broken.

For study only: it protects nothing. `latentpress.encryption` does.

The map x -> r x (1 - x) runs in 64-bit fixed point, so that every machine gets the same sequence (in floats it does
not). The key is x and r. Numbers of the sequence sort the bytes into another order, then give two streams of bytes: one
is added along the first pass, where each byte also takes up the one before it, the other is XORed along the second,
which runs backwards. So a change of one byte spreads over all, which is what the usual figures look for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Broken", "ChaosKey", "break_with_chosen_bytes", "decrypt", "encrypt", "period"]

Bytes = NDArray[np.uint8]

_BITS = 64  # of x
_FRACTION = 30  # bits of r behind the point
_SKIPPED = 1000  # numbers that are thrown away first, as the papers do


@dataclass(frozen=True)
class ChaosKey:
    """x: the start, 1..2^64 - 1, of 2^64. r: of 2^30, above 3.57, where the map is chaotic, to 4."""

    x: int
    r: int

    def numbers(self, count: int) -> NDArray[np.uint32]:
        """The upper 32 bits of ``count`` numbers of the sequence."""
        x, found = self.x, np.empty(count, np.uint32)
        for number in range(-_SKIPPED, count):
            x = step(x, self.r)
            if number >= 0:
                found[number] = x >> (_BITS - 32)
        return found


def step(x: int, r: int, bits: int = _BITS) -> int:
    """One step of the map for x of 2^bits, rounded down once. 0 would stay 0 for ever, so it becomes 1."""
    return min(r * x * ((1 << bits) - x) >> (bits + _FRACTION), (1 << bits) - 1) or 1


def period(x: int, r: int, bits: int) -> int:
    """After how many numbers the sequence from x, of 2^bits, repeats, by Brent's method."""
    power = length = 1
    tortoise, hare = x, step(x, r, bits)
    while tortoise != hare:
        if power == length:
            tortoise, power, length = hare, 2 * power, 0
        hare, length = step(hare, r, bits), length + 1
    return length


def encrypt(data: Bytes, key: ChaosKey) -> Bytes:
    """Bytes (n,) to as many."""
    order, added, xored = _streams(data.size, key)
    forward = np.cumsum(data[order].astype(np.int64) + added) & 255
    return _from_the_end(forward.astype(np.uint8) ^ xored)


def decrypt(data: Bytes, key: ChaosKey) -> Bytes:
    """The bytes that were encrypted."""
    order, added, xored = _streams(data.size, key)
    return _backwards(data, order, np.cumsum(added.astype(np.int64)), xored)


@dataclass(frozen=True)
class Broken:
    """What an attacker knows after his questions: all that decrypting takes. questions: how many there were."""

    order: NDArray[np.intp]
    sums: NDArray[np.int64]
    xored: Bytes
    questions: int

    def decrypt(self, data: Bytes) -> Bytes:
        """What was encrypted with the unknown key."""
        return _backwards(data, self.order, self.sums, self.xored)


def break_with_chosen_bytes(oracle: Callable[[Bytes], Bytes], size: int) -> Broken:
    """Find what stands in for the key of ``oracle``, which encrypts ``size`` bytes of one's choice.

    The second pass is undone by XORing neighbours, which leaves e = c XOR k with c = (sum of sorted bytes) + K mod 256.
    The lowest bits of c are sums without carries: so pictures whose lowest bits spell each byte's number in binary
    give the order away, a bit of all numbers at a question. Then one byte that comes first in that order moves all c
    together; moved by 2^b, c changes in bit b alone if, and only if, bit b of c is 0.
    """

    def ask(data: Bytes) -> Bytes:
        answer = oracle(data)
        return answer ^ np.append(answer[1:], np.uint8(0))

    nothing = ask(np.zeros(size, np.uint8))
    places, order = np.arange(size), np.zeros(size, np.intp)
    bits = max(1, int(size - 1).bit_length())
    for bit in range(bits):
        changed = (ask((places >> bit & 1).astype(np.uint8)) ^ nothing) & 1
        order |= (changed ^ np.append(np.uint8(0), changed[:-1])).astype(np.intp) << bit
    known = np.zeros(size, np.uint8)
    for bit in range(7):  # of the eighth bit, either value gives the same function
        moved = np.zeros(size, np.uint8)
        moved[order[0] % size] = 1 << bit
        known |= ((ask(moved) ^ nothing) != 1 << bit).astype(np.uint8) << bit
    return Broken(order % size, known.astype(np.int64), nothing ^ known, 1 + bits + 7)


@lru_cache(maxsize=4)
def _streams(size: int, key: ChaosKey) -> tuple[NDArray[np.intp], Bytes, Bytes]:
    """The order, what is added, and what is XORed."""
    numbers = key.numbers(3 * size)
    first, second, third = numbers[:size], numbers[size : 2 * size], numbers[2 * size :]
    return np.argsort(first, kind="stable"), (second >> 12).astype(np.uint8), (third >> 12).astype(np.uint8)


def _from_the_end(data: Bytes) -> Bytes:
    """Each byte XORed with all after it."""
    found: Bytes = np.bitwise_xor.accumulate(data[::-1])[::-1]
    return found


def _backwards(data: Bytes, order: NDArray[np.intp], sums: NDArray[np.int64], xored: Bytes) -> Bytes:
    """Undo both passes and the order. sums: what was added up to each place, mod 256."""
    forward = (data ^ np.append(data[1:], np.uint8(0)) ^ xored).astype(np.int64) - sums
    found = np.empty_like(data)
    found[order] = np.diff(forward, prepend=0).astype(np.uint8)
    return found
