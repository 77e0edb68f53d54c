"""Planes sample by sample, with prediction that follows gradients: the loop of CALIC, once for both ways.

Wu and Memon, "Context-based, adaptive, lossless image coding", 1997.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.fast import compiled
from latentpress.codecs.symbols import code_plain, code_symbol, finish, start

__all__ = ["CLASSES", "code_gradients", "code_residual", "code_scan", "residual_tables"]

Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_ENERGIES = np.array([5, 15, 25, 42, 60, 85, 140])  # between the classes of error energy, for 8 bits
CLASSES = 8
"""Classes of error energy, each with a table."""

_SIZES = np.array([18, 26, 34, 50, 66, 82, 114, 256])  # symbols of each class; larger ones go on in the next class
_LARGEST_TABLE = 256
_TEXTURES = 256
_REMEMBERED = 128  # samples after which the errors of a context are halved
_FINE = 3  # bits of a deeper sample that residuals are told apart by where they are small; the rest is noise
_PATTERNS = 32  # of binary places: which neighbours are as the left one


@compiled
def residual_tables() -> Integers:
    """Counts that tables of residuals begin with: falling, an escape last, then their sum."""
    tables = np.zeros((CLASSES, _LARGEST_TABLE + 2), np.int64)
    for c in range(CLASSES):
        for i in range(_SIZES[c] + 1):
            tables[c, i] = max(1, (64 << c) // (i + (4 << c)))
            tables[c, -1] += tables[c, i]
    return tables


@compiled
def code_residual(
    coder: Integers, data: Bytes, tables: Integers, energy: int, difference: int, values: int, shift: int, writing: bool
) -> int:
    """Code a difference of two of so many values, which wraps around, by the table of a class of error energy."""
    value = 0
    if writing:
        difference %= values
        if difference:
            value = 2 * difference - 1 if difference <= values // 2 else 2 * (values - difference)
    fine = max(0, shift - _FINE + max(0, energy - 4))
    high = _code_size(coder, data, tables, energy, value >> fine, writing)
    value = min((high << fine) + code_plain(coder, data, fine, value, writing), values - 1)
    return (value + 1) >> 1 if value & 1 else -(value >> 1)


@compiled
def _code_size(coder: Integers, data: Bytes, tables: Integers, energy: int, value: int, writing: bool) -> int:
    """Code a number from 0 on: each class has an escape to the next, and the last one to plain bits."""
    done = 0
    for c in range(energy, CLASSES):
        size = _SIZES[c]
        symbol = code_symbol(coder, data, tables[c], min(value - done, size) if writing else 0, writing)
        done += symbol
        if symbol < size:
            return done
    bits = 0  # of the rest, an Elias gamma code
    rest = value - done + 1 if writing else 1
    while bits < 20 and code_plain(coder, data, 1, int(rest >> (bits + 1) > 0), writing):
        bits += 1
    return done + (1 << bits) + code_plain(coder, data, bits, rest, writing) - 1


@compiled
def code_gradients(coder: Integers, data: Bytes, samples: Integers, largest: int, shift: int, writing: bool) -> None:
    """Code samples 0 .. ``largest`` (H, W), as a part of what a coder codes. shift: bits of a sample beyond 8, which
    thresholds grow with.
    """
    height, width = samples.shape
    values = largest + 1
    tables, binary = residual_tables(), np.ones((_PATTERNS, 4), np.int64)
    binary[:, 3] = 3
    sums, counts = np.zeros(4 * _TEXTURES, np.int64), np.zeros(4 * _TEXTURES, np.int64)
    # two rows above and two columns beside, filled with the nearest sample that is known
    known = np.full((3, width + 4), values // 2, np.int64)
    for y in range(height):
        row, north_row, far_row = known[y % 3], known[(y - 1) % 3], known[(y - 2) % 3]
        row[:2] = north_row[2]
        north_row[width + 2 :] = north_row[width + 1]
        far_row[width + 2 :] = far_row[width + 1]
        wrong = 0
        for x in range(2, width + 2):
            west, far_west, north, far_north = row[x - 1], row[x - 2], north_row[x], far_row[x]
            corner, east, far_east = north_row[x - 1], north_row[x + 1], far_row[x + 1]
            across = abs(west - far_west) + abs(north - corner) + abs(north - east)
            down = abs(west - corner) + abs(north - far_north) + abs(east - far_east)

            # binary places: at most two values around
            other, two, pattern = west, True, 0
            for near in (north, corner, east, far_west, far_north):
                pattern = 2 * pattern + int(near == west)
                if near != west:
                    two = two and (other in (west, near))
                    other = near
            found = -1
            if two:
                true = samples[y, x - 2] if writing else 0
                wanted = 0 if true == west else 1 if true == other else 2
                symbol = code_symbol(coder, data, binary[pattern], wanted, writing)
                found = west if symbol == 0 else other if symbol == 1 else -1
            if found < 0:
                slope = (down - across) >> shift
                mean = 2 * (west + north) + east - corner  # in quarters
                if slope > 80:
                    guess = 4 * west
                elif slope < -80:
                    guess = 4 * north
                elif slope > 32:
                    guess = (mean + 4 * west) >> 1
                elif slope > 8:
                    guess = (3 * mean + 4 * west) >> 2
                elif slope < -32:
                    guess = (mean + 4 * north) >> 1
                elif slope < -8:
                    guess = (3 * mean + 4 * north) >> 2
                else:
                    guess = mean
                strength, energy = (across + down + 2 * abs(wrong)) >> shift, 0
                while energy < 7 and strength > _ENERGIES[energy]:
                    energy += 1
                texture = 0
                for near in (
                    north,
                    west,
                    corner,
                    east,
                    far_north,
                    far_west,
                    2 * north - far_north,
                    2 * west - far_west,
                ):
                    texture = 2 * texture + int(4 * near < guess)
                context = 4 * texture + (energy >> 1)
                mean_error = (sums[context] + (counts[context] >> 1)) // counts[context] if counts[context] else 0
                expected = min(max((guess + 2 + mean_error) >> 2, 0), largest)
                sign = -1 if mean_error < 0 else 1
                difference = sign * (samples[y, x - 2] - expected) if writing else 0
                residual = code_residual(coder, data, tables, energy, difference, values, shift, writing)
                found = (expected + sign * residual) % values
                sums[context] += 4 * found - guess
                counts[context] += 1
                if counts[context] == _REMEMBERED:
                    sums[context] >>= 1
                    counts[context] >>= 1
                wrong = found - (guess >> 2)
            else:
                wrong = 0
            row[x] = found
        samples[y] = row[2 : width + 2]


@compiled
def code_scan(samples: Integers, data: Bytes, largest: int, shift: int, writing: bool) -> int:
    """`code_gradients` alone, into ``data`` or out of it; gives the bytes used."""
    coder = start(data, writing)
    code_gradients(coder, data, samples, largest, shift, writing)
    return finish(coder, data, writing)
