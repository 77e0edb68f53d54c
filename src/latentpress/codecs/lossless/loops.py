"""Steps of the lossless walk as loops over pixels, compiled by numba; each is one of the NumPy functions that use it.

All numbers are whole, or come from one correctly rounded operation at a time in the order of the NumPy code, so both
give the same bits.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.fitting_loops import eliminate, resolve, take_in
from latentpress.codecs.lossless.machine_code import Floats, Integers, machine_code
from latentpress.codecs.lossless.mixing_loops import learn_mixed, mix

__all__ = [
    "close",
    "count_symbols",
    "count_values",
    "eliminate",
    "gather",
    "join",
    "keep",
    "learn_bias",
    "learn_mixed",
    "look",
    "mix",
    "network_inputs",
    "normalise",
    "predict",
    "refine",
    "resolve",
    "split",
    "store",
    "take_in",
    "targets",
    "values",
    "weigh",
]


@machine_code
def normalise(
    linear: Floats, errors: Floats, scale: Floats, levels: Floats, clip: float, inverse: Floats, level: Integers
) -> None:
    """Differences and errors in units of the activity, in place, and its level."""
    count = scale.size
    for j in range(count):
        inverse[j] = np.floor(2.0**33 / scale[j])
    for i in range(linear.shape[0]):
        for j in range(count):
            linear[i, j] = min(max(np.floor(linear[i, j] * inverse[j] * 2.0**-20 + 0.5), -clip), clip)
    for i in range(errors.shape[0]):
        for j in range(count):
            errors[i, j] = min(np.floor(abs(errors[i, j]) * inverse[j] * 2.0**-24), clip)
    for j in range(count):
        # levels of an octave are 16: the last that is not above the scale
        first = 16 * (math.frexp(scale[j])[1] - 1)
        for step in (8, 4, 2, 1):
            if levels[first + step] <= scale[j]:
                first += step
        level[j] = first


@machine_code
def gather(
    values: Floats,
    errors: Floats,
    planes: Integers,
    at: int,
    places: tuple[Integers, Integers, Integers, Integers],
    pairs: Integers,
    floor: float,
    levels: Floats,
    clip: float,
    linear: Floats,
    found: Floats,
    base: Floats,
    scale: Floats,
    level: Integers,
) -> None:
    """The normalised features of the pixels from ``at`` on. values, errors: of all planes (planes, pixels); planes:
    those that are seen, the last their own. places: of the plane's own neighbours and errors, and of those beside.
    """
    count = base.size
    own, own_errors, around, errors_around = places
    plane = planes[planes.size - 1]
    for i in range(own_errors.size):
        start = at + own_errors[i]
        for j in range(count):
            found[i, j] = errors[plane, start + j]
    for i in range(own.size):
        start = at + own[i]
        for j in range(count):
            linear[i, j] = values[plane, start + j]
    for j in range(count):
        near = abs(found[0, j]) + abs(found[1, j]) + abs(found[2, j]) + abs(found[3, j])
        scale[j] = near + floor
        west, north = linear[0, j], linear[1, j]
        base[j] = min(max(west + north - linear[2, j], min(west, north)), max(west, north))
    for k in range(pairs.shape[1]):
        one, other = pairs[0, k], pairs[1, k]
        for j in range(count):
            scale[j] += 16.0 * abs(linear[one, j] - linear[other, j])
    for i in range(own.size):
        for j in range(count):
            linear[i, j] -= base[j]
    n, m = own.size, own_errors.size
    for p in planes[:-1]:
        for i in range(1, around.size):
            start = at + around[i]
            for j in range(count):
                linear[n, j] = values[p, start + j] - values[p, at + j]
            n += 1
        for j in range(count):
            linear[n, j] = errors[p, at + j] * 0.0625
        n += 1
        for i in range(errors_around.size):
            start = at + errors_around[i]
            for j in range(count):
                found[m, j] = errors[p, start + j]
            m += 1
    normalise(linear, found, scale, levels, clip, np.empty(count), level)


@machine_code
def predict(
    weights: Floats, shared: Floats, linear: Floats, start: int, half: float, local: Floats, whole: Floats
) -> None:
    """Predictions by the weights of each slot and by those that all share, in 1/16; half: of 1/16 in weights' unit."""
    count = local.size
    local[:] = half
    whole[:] = half
    for i in range(linear.shape[0]):
        for j in range(count):
            local[j] += weights[i, start + j] * linear[i, j]
            whole[j] += shared[i] * linear[i, j]
    unit = 0.5 / half
    for j in range(count):
        local[j] = np.floor(local[j] * unit)
        whole[j] = np.floor(whole[j] * unit)


@machine_code
def values(prediction: Floats, correction: Floats, scale: Floats, base: Floats, unit: float, out: Floats) -> None:
    """Predicted values in 1/16. correction: of every pixel, or one zero."""
    some = correction.size > 1
    for j in range(out.size):
        normalised = prediction[j] + correction[j] if some else prediction[j] + correction[0]
        out[j] = 16.0 * base[j] + np.floor(normalised * scale[j] * unit + 0.5)


@machine_code
def look(
    values: Floats,
    errors: Floats,
    planes: Integers,
    at: int,
    places: tuple[Integers, Integers, Integers, Integers],
    pairs: Integers,
    floor: float,
    levels: Floats,
    clip: float,
    features: tuple[Floats, Floats, Floats, Floats, Integers],
    weights: Floats,
    shared: Floats,
    start: int,
    units: tuple[float, float],
    guesses: Floats,
    middle: int,
    x: NDArray[np.float32],
) -> None:
    """Features, predictions (local, of the whole tile, and the local one as a value) and what the network reads."""
    linear, found, base, scale, level = features
    gather(values, errors, planes, at, places, pairs, floor, levels, clip, linear, found, base, scale, level)
    local, whole, plain = guesses[0], guesses[1], guesses[2]
    predict(weights, shared, linear, start, units[0], local, whole)
    for j in range(base.size):
        plain[j] = 16.0 * base[j] + np.floor(local[j] * scale[j] * units[1] + 0.5)
    network_inputs(linear, found, local, whole, level, middle, clip, x)


@machine_code
def network_inputs(
    linear: Floats,
    errors: Floats,
    prediction: Floats,
    shared: Floats,
    level: Integers,
    middle: int,
    clip: float,
    x: NDArray[np.float32],
) -> None:
    """What a plane's network reads, a row a pixel."""
    n, m = linear.shape[0], errors.shape[0]
    for j in range(prediction.size):
        for i in range(n):
            x[j, i] = linear[i, j]
        x[j, n] = min(max(np.floor(prediction[j] * 0.0625), -clip), clip)
        x[j, n + 1] = min(max(np.floor((shared[j] - prediction[j]) * 0.125), -clip), clip)
        x[j, n + 2] = min(max((level[j] - middle) * 2.0, -clip), clip)
        for i in range(m):
            x[j, n + 3 + i] = errors[i, j]


@machine_code
def weigh(
    rows: Floats, centre: Integers, sign: Integers, weights: Floats, low: int, step: int, direct: int, count: int,
    unit: float,
) -> None:  # fmt: skip
    """Weights for the values that residuals from column ``direct`` on, ``count`` of them, stand for. weights: of the
    values from low - 1 on.
    """
    reach, last = count // 2, weights.size - 1
    for j in range(rows.shape[0]):
        for k in range(rows.shape[1]):
            rows[j, k] *= unit
        for k in range(count):
            place = min(max(centre[j] + sign[j] * step * (k - reach) - low + 1, 0), last)
            rows[j, direct + k] = max(np.floor(rows[j, direct + k] / unit * weights[place]), 1.0)


@machine_code
def count_values(counts: Floats, values: Floats, low: int) -> None:
    """Count values, those beyond the first and the last as these."""
    for j in range(values.size):
        counts[int(min(max(values[j] - low, 0.0), counts.size - 1.0))] += 1.0


@machine_code
def close(array: Floats, shape: tuple[int, int, int, int], at: tuple[int, int, int], values: Floats) -> None:
    """Store the values of a wave in its row of the skewed array, and the border copies that they make. shape: width,
    rows, count, tall of the lanes; at: wave, row of the array, first slot.
    """
    width, rows, count, tall = shape
    wave, t, start = at
    array[t, start : start + values.size] = values
    if wave < width:  # above the first row: the pixel to the left
        for lane in range(count):
            first = array[t, 2 * count + lane]
            for k in range(4):
                array[t - 3 + k, count + lane] = first
                array[t - 6 + k, lane] = first
    ended = (wave - width + 1) // 3
    if wave - width + 1 == 3 * ended and 0 <= ended < rows:  # right of a row: its last pixel
        for k in range(1, 4):
            for slot in range((ended + 2) * count, (ended + 3) * count):
                array[t + k, slot] = array[t, slot]
    for lane in range(count):  # below the last row
        r = rows - 1 if lane < tall else rows - 2
        x = wave - 3 * r
        if r >= 0 and 0 <= x < width:
            for k in range(3, 5 if x == width - 1 else 4):
                array[t + k, (r + 3) * count + lane] = array[t, (r + 2) * count + lane]


@machine_code
def store(
    values: Floats,
    errors: Floats,
    shape: tuple[int, int, int, int],
    at: tuple[int, int, int],
    new: Floats,
    plain: Floats,
) -> None:
    """`close` the values of a wave, and the errors of what was predicted, ``plain``, in 1/16."""
    close(values, shape, at, new)
    close(errors, shape, at, 16.0 * new - plain)


@machine_code
def targets(found: Floats, scale: Floats, base: Floats, unit: float, clip: float, out: Floats) -> None:
    """The normalised differences that were right."""
    for j in range(out.size):
        out[j] = min(max(np.floor((found[j] - base[j]) * unit / scale[j] + 0.5), -clip), clip)


@machine_code
def refine(
    linear: Floats,
    prediction: Floats,
    level: Integers,
    value: Floats,
    spread: Floats,
    sums: Floats,
    counts: Floats,
    floor: int,
    levels: int,
    caution: float,
    offset: int,
    classes: int,
    steps: tuple[int, float],
    signs: Integers,
    numbers: Integers,
    out: Integers,
) -> None:
    """Bias cancellation and the choice of tables. out: what is refined, in its order."""
    nearest, sign, tables, shifted, width, context = out
    some = spread.size > 1
    for j in range(value.size):
        texture = 0
        for i in range(8):
            texture = 2 * texture + (linear[i, j] * 16.0 > prediction[j])
        place = texture * levels + min(max((level[j] - floor) >> 4, 0), levels - 1)
        context[j] = place
        bias = np.floor(sums[place] / (counts[place] + caution) + 0.5)
        corrected = int(value[j] + bias) + 8
        wide = level[j] * steps[0] + offset + (spread[j] if some else spread[0])
        klass = int(min(max(np.floor(wide * steps[1]), 0), classes - 1))
        nearest[j], shifted[j], width[j] = corrected >> 4, corrected - 8, int(wide)
        sign[j] = signs[corrected & 15]
        tables[j] = numbers[(klass << 4) + (corrected & 15)]


@machine_code
def learn_bias(sums: Floats, counts: Floats, context: Integers, plain: Floats, found: Floats, largest: float) -> None:
    """Add the errors of a wave to their contexts."""
    for j in range(context.size):
        sums[context[j]] += min(max(16.0 * found[j] - plain[j], -largest), largest)
        counts[context[j]] += 1.0


@machine_code
def count_symbols(counts: Floats, tables: Integers, symbols: NDArray[np.int32], one: float) -> None:
    """Count symbols in the tables that they were coded with."""
    for j in range(tables.size):
        counts[tables[j], symbols[j]] += one


@machine_code
def keep(linear: Floats, target: Floats, start: int, wave: NDArray[np.float32]) -> None:
    """Features and targets of the slots from ``start`` on, zeros in all others."""
    n, count = linear.shape
    for i in range(n + 1):
        wave[i, :start] = 0
        wave[i, start : start + count] = linear[i] if i < n else target
        wave[i, start + count :] = 0


@machine_code
def split(
    residuals: Integers, zero: int, direct: int, symbols: NDArray[np.int32], extra: Integers, plain: Integers
) -> None:
    """Residuals as symbols and plain bits."""
    for j in range(residuals.size):
        magnitude = abs(residuals[j])
        bits = 0
        if magnitude < direct:
            index = magnitude
        else:
            while magnitude >> bits >= 8:
                bits += 1
            index = direct + 4 * (bits - 2) + ((magnitude >> bits) & 3)
        symbols[j] = zero + index if residuals[j] >= 0 else zero - index
        extra[j] = bits
        plain[j] = magnitude & ((1 << bits) - 1)


@machine_code
def join(
    symbols: NDArray[np.int32], zero: int, first: Integers, extra: Integers, words: Integers, place: int, out: Integers
) -> int:
    """Residuals of symbols, with plain bits from ``place`` on; gives the place behind them."""
    for j in range(symbols.size):
        index = abs(symbols[j] - zero)
        bits, value = extra[index], first[index]
        if bits:
            word = words[min(place >> 3, words.size - 1)]
            value += (word >> (place & 7)) & ((1 << bits) - 1)
            place += bits
        out[j] = value if symbols[j] >= zero else -value
    return place
