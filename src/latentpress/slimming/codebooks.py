"""Weights on the levels of a codebook, 4 to 8 bits each, after small ones became zero.

Levels are those of k-means, of the weights in units of a scale for each output channel (Sun et al. 2021, non-linear
levels by channel; Han et al. 2016, Deep Compression, arXiv:1510.00149, for all of a layer). Each weight goes to the
nearest level, and what that is wrong by is made good by the weights of inputs still to come (`eight_bits`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from latentpress.training.eight_bits import round_columns
from latentpress.training.graphs import Indexed

__all__ = ["bits_for", "k_means", "on_levels", "without_small"]

Float = NDArray[np.float32]
Double = NDArray[np.float64]

_ROUNDS = 30
_LEAST_BITS, _MOST_BITS = 3, 8  # of an index; with fewer levels errors are too large to be summed up one by one


def without_small(weights: Mapping[str, Float], part: float, squares: Mapping[str, Double]) -> dict[str, Float]:
    """Weights by name with that ``part`` of all numbers zero: the smallest in units of what they matter, ``squares``:
    mean squared slopes of the network's outputs along them.
    """
    sizes = {name: np.square(one) * _smooth(squares[name]) for name, one in weights.items()}
    limit = np.quantile(np.concatenate([one.ravel() for one in sizes.values()]), part) if part else 0.0
    return {name: np.where(sizes[name] >= limit, one, np.float32(0)) for name, one in weights.items()}


def bits_for(
    weights: Mapping[str, Float], outputs: Mapping[str, int], bits: float, squares: Mapping[str, Double]
) -> dict[str, int]:
    """How many bits an index of each weight has, so that Huffman codes take ``bits`` a number on average and the
    network's outputs change least. outputs: axis of the output channels; squares: as of `without_small`.
    """
    choices: dict[str, list[tuple[float, float]]] = {}
    for name, weight in weights.items():
        choices[name], matters = [], _smooth(squares[name])
        for count in range(_LEAST_BITS, _MOST_BITS + 1):
            book = on_levels(weight, count, outputs[name])
            chances = np.bincount(book.index.ravel()) / weight.size
            entropy = -float((chances[chances > 0] * np.log2(chances[chances > 0])).sum())
            cost = float((matters * np.square(weight - book.values)).sum())
            choices[name].append((entropy * weight.size, cost))
    room = bits * sum(weight.size for weight in weights.values())
    low, high = -40.0, 40.0  # log2 of the price of a bit
    for _ in range(40):
        price = 2.0 ** ((low + high) / 2)
        chosen = {name: int(np.argmin([c + price * r for r, c in one])) for name, one in choices.items()}
        low, high = ((low + high) / 2, high) if _rate(choices, chosen) > room else (low, (low + high) / 2)
    return {name: number + _LEAST_BITS for name, number in chosen.items()}


def _smooth(squares: Double) -> Double:
    """Noisy squared slopes (a, b, ..) as a product of what the first axis says and what the second says."""
    rows, columns = (
        squares.mean(tuple(one for one in range(squares.ndim) if one != axis), keepdims=True) for axis in (0, 1)
    )
    return np.broadcast_to(rows * columns / max(float(squares.mean()), 1e-300), squares.shape)


def _rate(choices: Mapping[str, list[tuple[float, float]]], chosen: Mapping[str, int]) -> float:
    return sum(choices[name][number][0] for name, number in chosen.items())


def on_levels(weight: Float, bits: int, outputs: int = 0, energy: Double | None = None) -> Indexed:
    """The codebook of a weight; zeros stay zeros. outputs: axis of the output channels. energy (in, in): mean products
    of the inputs of a convolution; None: every weight is rounded for itself.
    """
    scale = _scale(weight, outputs)
    unit = weight / scale
    sparse = (weight == 0).mean() > 0.02
    levels = k_means(unit[unit != 0], 2**bits - int(sparse))
    levels = np.sort(np.append(levels, np.float32(0))).astype(np.float32) if sparse else levels
    middles = (levels[1:] + levels[:-1]) / 2
    zero = int(np.flatnonzero(levels == 0)[0]) if sparse else 0
    if energy is None or weight.ndim != 4 or outputs != 0:
        places = np.where((weight == 0) & sparse, zero, np.searchsorted(middles, unit))
        return Indexed.rounded(places.astype(np.uint8), levels, scale)
    rows, gone = weight.reshape(len(weight), -1), (weight == 0).reshape(len(weight), -1) & sparse
    per_row = scale.reshape(-1, 1)
    index = np.empty(rows.shape, np.uint8)

    def nearest(column: torch.Tensor, place: int) -> torch.Tensor:
        wanted = column.numpy() / per_row
        index[:, place] = np.where(gone[:, place], zero, np.searchsorted(middles, wanted[:, 0]))
        return torch.from_numpy((levels[index[:, place]] * per_row[:, 0])[:, None].astype(np.float64))

    round_columns(torch.from_numpy(rows), torch.from_numpy(energy), nearest)
    return Indexed.rounded(index.reshape(weight.shape), levels, scale)


def k_means(values: Float, count: int, start: Double | None = None) -> Float:
    """At most ``count`` levels in order, from k-means that begins with ``start``, or even steps over the range."""
    ordered = np.sort(values.ravel().astype(np.float64))
    if not ordered.size:
        return np.zeros(1, np.float32)
    sums, squares = (np.concatenate([[0.0], np.cumsum(ordered**power)]) for power in (1, 2))
    levels = np.linspace(ordered[0], ordered[-1], count) if start is None else start
    for _ in range(_ROUNDS):
        ends = np.concatenate([[0], np.searchsorted(ordered, (levels[1:] + levels[:-1]) / 2), [ordered.size]])
        sizes = np.diff(ends)
        levels = np.where(sizes > 0, np.diff(sums[ends]) / np.maximum(sizes, 1), levels)
        errors = np.maximum(np.diff(squares[ends]) - sizes * np.square(levels), 0) * (sizes > 1)
        for empty in np.flatnonzero(sizes == 0):  # one that has nothing goes where most is wrong
            worst = int(np.argmax(errors))
            levels[empty] = levels[worst] + np.sqrt(errors[worst] / max(sizes[worst], 1))
            errors[worst] = 0
        levels.sort()
    return np.unique(levels.astype(np.float32))


def _scale(weight: Float, outputs: int) -> Float:
    """The root mean square of each output channel, in the weight's shape but for the other axes."""
    others = tuple(axis for axis in range(weight.ndim) if axis != outputs)
    scale: Float = np.sqrt(np.square(weight).mean(others, keepdims=True)).astype(np.float32)
    return np.where(scale > 0, scale, np.float32(1)).astype(np.float32)
