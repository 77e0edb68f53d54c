"""The loop over the samples of a component, once for both ways (ITU-T T.87, annex A).

A sample is predicted by the median edge detector and by the mean error of its context, one of 365 that three gradients
choose; what is left is written as a Golomb code whose parameter follows from the errors of the context. Where all
gradients are small, the length of a run of equal samples is written instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.fast import compiled
from latentpress.systems.jpeg_ls.parameters import RESET

__all__ = ["code_scan"]

Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_REGULAR = 365  # contexts; two more are for samples that end a run
_RUN_BITS = np.array([0] * 4 + [1] * 4 + [2] * 4 + [3] * 4 + [4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15])

# fields of the place in the stream
_AT, _HELD, _COUNT, _SIZE = range(4)


@compiled
def _bit(data: Bytes, place: Integers, bit: int) -> int:
    """Write a bit, or read one where ``bit`` is -1. A byte after 255 has seven bits; past the end there are zeros."""
    if bit < 0:
        if place[_COUNT] == 0:
            place[_SIZE] = 7 if place[_HELD] == 255 else 8
            place[_HELD] = data[place[_AT]] if place[_AT] < data.size else 0
            place[_COUNT] = place[_SIZE]
            place[_AT] += 1
        place[_COUNT] -= 1
        return int(place[_HELD] >> place[_COUNT]) & 1
    place[_HELD] = 2 * place[_HELD] + bit
    place[_COUNT] += 1
    if place[_COUNT] == place[_SIZE]:
        data[place[_AT]] = place[_HELD]
        place[_SIZE] = 7 if place[_HELD] == 255 else 8
        place[_AT] += 1
        place[_COUNT] = place[_HELD] = 0
    return bit


@compiled
def _bits(data: Bytes, place: Integers, count: int, value: int, writing: bool) -> int:
    """Code a number of so many bits."""
    found = 0
    for i in range(count - 1, -1, -1):
        found = 2 * found + _bit(data, place, (value >> i) & 1 if writing else -1)
    return found


@compiled
def _golomb(data: Bytes, place: Integers, k: int, longest: int, bits: int, value: int, writing: bool) -> int:
    """Code a number as a Golomb code of parameter k, or in plain ``bits`` where that would be too long (A.5.3)."""
    border = longest - bits - 1
    wanted = min(value >> k, border) if writing else 0
    high = 0
    while high < border and _bit(data, place, int(high == wanted) if writing else -1) == 0:
        high += 1
    if high < border:
        return (high << k) + _bits(data, place, k, value, writing)
    _bit(data, place, 1 if writing else -1)
    return _bits(data, place, bits, value - 1, writing) + 1


@compiled
def _quantised(gradient: int, near: int, t1: int, t2: int, t3: int) -> int:
    """The region -4 .. 4 of a gradient."""
    size = abs(gradient)
    region = int(size > near) + int(size >= t1) + int(size >= t2) + int(size >= t3)
    return region if gradient >= 0 else -region


@compiled
def _residual(difference: int, near: int, values: int) -> int:
    """A difference in steps of the quantiser, brought into the range of residuals."""
    step = 2 * near + 1
    steps = (near + difference) // step if difference > 0 else -((near - difference) // step)
    if steps < 0:
        steps += values
    return steps - values if steps >= (values + 1) // 2 else steps


@compiled
def _restored(expected: int, sign: int, residual: int, near: int, values: int, largest: int) -> int:
    """The sample of a residual."""
    step = 2 * near + 1
    sample = expected + sign * residual * step
    if sample < -near:
        sample += values * step
    elif sample > largest + near:
        sample -= values * step
    return min(max(sample, 0), largest)


@compiled
def code_scan(samples: Integers, data: Bytes, about: Integers, writing: bool) -> int:
    """Code samples (H, W) into ``data`` or out of it, and leave there what a decoder has; gives the bytes used, or -1
    for a stream whose runs are longer than its rows. data: room for 4 bytes a sample and bit of depth when writing.
    about: `latentpress.systems.jpeg_ls.parameters.parameters`.
    """
    largest, near, values, bits, longest, t1, t2, t3 = about
    height, width = samples.shape
    place = np.array([0, 0, 0, 8])
    sums = np.full(_REGULAR + 2, max(2, (values + 32) >> 6))  # A: of magnitudes
    counts = np.full(_REGULAR + 2, 1)  # N
    drift = np.zeros(_REGULAR + 2, np.int64)  # B; for ends of runs the number of negative ones
    bias = np.zeros(_REGULAR, np.int64)  # C
    above, row = np.zeros(width + 2, np.int64), np.zeros(width + 2, np.int64)
    run = 0
    for y in range(height):
        row[0] = above[1]
        above[width + 1] = above[width]
        x = 1
        while x <= width:
            west, north, corner, east = row[x - 1], above[x], above[x - 1], above[x + 1]
            one = _quantised(east - north, near, t1, t2, t3)
            two = _quantised(north - corner, near, t1, t2, t3)
            three = _quantised(corner - west, near, t1, t2, t3)
            sign = 1
            if one or two or three:
                q = 81 * one + 9 * two + three
                if q < 0:
                    q, sign = -q, -1
                if corner >= max(west, north):
                    expected = min(west, north)
                elif corner <= min(west, north):
                    expected = max(west, north)
                else:
                    expected = west + north - corner
                expected = min(max(expected + sign * bias[q], 0), largest)
                k = 0
                while counts[q] << k < sums[q]:
                    k += 1
                flipped = near == 0 and k == 0 and 2 * drift[q] <= -counts[q]
                mapped = 0
                if writing:
                    residual = _residual(sign * (samples[y, x - 1] - expected), near, values)
                    mapped = 2 * residual if residual >= 0 else -2 * residual - 1
                    mapped ^= int(flipped)
                mapped = _golomb(data, place, k, longest, bits, mapped, writing) ^ int(flipped)
                residual = mapped >> 1 if mapped & 1 == 0 else -((mapped + 1) >> 1)
                row[x] = _restored(expected, sign, residual, near, values, largest)
                drift[q] += residual * (2 * near + 1)
                sums[q] += abs(residual)
                if counts[q] == RESET:
                    sums[q] >>= 1
                    drift[q] >>= 1
                    counts[q] >>= 1
                counts[q] += 1
                if drift[q] <= -counts[q]:
                    drift[q] = max(drift[q] + counts[q], 1 - counts[q])
                    bias[q] = max(bias[q] - 1, -128)
                elif drift[q] > 0:
                    drift[q] = min(drift[q] - counts[q], 0)
                    bias[q] = min(bias[q] + 1, 127)
            else:
                left = width + 1 - x
                length = 0
                if writing:
                    while length < left and abs(samples[y, x - 1 + length] - west) <= near:
                        length += 1
                done = 0
                while done < left:
                    part = 1 << _RUN_BITS[run]
                    more = int(length - done >= part or length == left)
                    if _bit(data, place, more if writing else -1) == 0:
                        break
                    if done + part <= left:
                        run = min(run + 1, 31)
                    done = min(done + part, left)
                ended = done < left
                if ended:
                    done += _bits(data, place, _RUN_BITS[run], length - done, writing)
                    if done >= left:
                        return -1
                row[x : x + done] = west
                x += done
                if not ended:
                    break
                west, north = row[x - 1], above[x]
                alike = int(abs(west - north) <= near)
                expected = west if alike else north
                if not alike and west > north:
                    sign = -1
                q = _REGULAR + alike
                total = sums[q] + (counts[q] >> 1) * alike
                k = 0
                while counts[q] << k < total:
                    k += 1
                mostly = 2 * drift[q] >= counts[q]
                mapped = 0
                if writing:
                    residual = _residual(sign * (samples[y, x - 1] - expected), near, values)
                    odd = (residual > 0 and k == 0 and not mostly) or (residual < 0 and (k != 0 or mostly))
                    mapped = 2 * abs(residual) - alike - int(odd)
                mapped = _golomb(data, place, k, longest - _RUN_BITS[run] - 1, bits, mapped, writing)
                residual = (mapped + alike + 1) >> 1
                if int(k != 0 or mostly) == (mapped + alike) & 1:
                    residual = -residual
                row[x] = _restored(expected, sign, residual, near, values, largest)
                drift[q] += int(residual < 0)
                sums[q] += (mapped + 1 - alike) >> 1
                if counts[q] == RESET:
                    sums[q] >>= 1
                    counts[q] >>= 1
                    drift[q] >>= 1
                counts[q] += 1
                run = max(run - 1, 0)
            x += 1
        samples[y] = row[1 : width + 1]
        above, row = row, above
    if writing:
        while place[_COUNT] or place[_SIZE] == 7:  # a byte of 255 may not be the last
            _bit(data, place, 0)
    return int(place[_AT])
