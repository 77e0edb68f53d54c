"""The tables of a `CoefficientCoder`, fitted on pictures: means by least squares, scales by likelihood, counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.coefficients import (
    KINDS,
    LEADING,
    MEAN_BITS,
    ONE,
    SCALES,
    TABLES,
    Activity,
    CoefficientCoder,
    groups,
    kind,
    nine,
    table_of,
)
from latentpress.codecs.interlaced import interlaced
from latentpress.codecs.latent import LatentModel, TileSettings
from latentpress.codecs.planes import to_planes
from latentpress.codecs.ports import Pricing
from latentpress.entropy import TOTAL, ProbabilityTables, quantise_pmf
from latentpress.training.data import Pictures
from latentpress.training.system import Arrays

__all__ = ["first_tables", "likely", "measured_tables"]

Float = NDArray[np.floating[Any]]
Known = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]

_SLOPES = 25  # coefficients after the leading ones of whose means the blocks around say something
_ITERATIONS = 3
_RIDGE = 0.1  # of the squares of what is known: holds weights near those of their group
_MOST = 10_000  # blocks that the weights of a coefficient are fitted on
_RADIUS = 127
_PRIOR = 30.0  # samples that the shape of a table is worth before any are counted


def first_tables(anchors: int, count: int) -> Arrays:
    """Tables for ``count`` coefficients of which nothing is known yet."""
    return {
        "means": np.zeros((0, 9 * LEADING), np.int32),
        "weights": np.zeros((anchors, KINDS, count, 1 + 2 * len(groups(count))), np.int32),
        **_packed(np.zeros((TABLES, 2 * _RADIUS + 2))),
    }


def measured_tables(model: LatentModel, coder: CoefficientCoder, sample: Pictures) -> Arrays:
    """Tables for the symbols that ``model``, which codes with ``coder``, chooses for the pictures at its anchors."""
    arrays = first_tables(model.anchors, model.latents)
    weights, counts = arrays["weights"], np.zeros((TABLES, 2 * _RADIUS + 2))
    for anchor in range(model.anchors):
        for number, part, way, (own, shared, symbols, coded) in _known(model, coder, sample, anchor * model.steps):
            fitted = np.rint(ONE * _scales(own, shared, np.abs(symbols), coded))
            weights[anchor, way:, part, : fitted.shape[1]] = fitted  # and of later kinds, if the sample has none
            if way:  # the first kind was fitted on all blocks, which have been counted
                table = table_of(fitted[:, :1] * own + fitted[:, 1:] @ shared, number).astype(np.int64)
                column = np.where(np.abs(symbols) > _RADIUS, 2 * _RADIUS + 1, symbols + _RADIUS)
                found = (table * counts.shape[1] + column)[coded]
                counts += np.bincount(found, minlength=counts.size).reshape(counts.shape)
    means = {"means": _means(model, sample)} if coder.foretells else {}
    return arrays | means | {"weights": weights} | _packed(counts)


class _Coded(Pricing):
    """Which coefficients of a walk have symbols, batch after batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[NDArray[np.bool_]] = []

    def _take(
        self, symbols: NDArray[np.int32], index: NDArray[np.uint8], tables: ProbabilityTables, limit: int, name: str
    ) -> None:
        super()._take(symbols, index, tables, limit, name)
        if name == "coefficients":
            self.batches.append(index > 0)


def _known(
    model: LatentModel, coder: CoefficientCoder, sample: Pictures, rate: int
) -> Iterator[tuple[int, slice, int, Known]]:
    """For each group and kind of batch, what the walk knows: the coefficients' own (n, blocks), shared (rows, blocks),
    the symbols (n, blocks), and which of these there are. Of the first kind, which is rare, all blocks as if they were
    of it.
    """
    pictures = []
    settings = TileSettings(weight=TileSettings.weight if coder.fitted else math.inf)
    for picture in sample:
        latents = model.analysis(to_planes(picture, model.stride), rate)
        values = model.code(port := _Coded(), rate, latents.shape[1:], latents, settings)
        activity = Activity(values.exact[0].astype(np.int64))
        pictures.append((activity, list(interlaced(*latents.shape[1:])), iter(port.batches)))
    for number, part in enumerate(coder.groups):
        found: dict[int, list[Known]] = {way: [] for way in range(KINDS)}
        for activity, batches, coded in pictures:
            for batch in batches:
                seen = (*activity.around(part, batch), activity.symbols[(part, *batch.places)])
                own, shared, symbols = (array.reshape(len(array), -1) for array in seen)
                there = next(coded).reshape(symbols.shape)
                found[0].append((0 * own, np.concatenate([0 * shared[:1], shared[1:]]), symbols, there))
                if batch.reach:
                    found[kind(batch)].append((own, shared, symbols, there))
            activity.close(part)
        for way, parts in found.items():
            if parts:
                own, shared, symbols, there = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
                yield number, part, way, (own, shared, symbols, there)


def _scales(
    own: NDArray[np.int64], shared: NDArray[np.int64], sizes: NDArray[np.int64], coded: NDArray[np.bool_]
) -> Float:
    """Weights (n, 1 + rows) of what is known, with which the magnitudes of a group are most likely."""
    every = slice(None, None, max(1, own.shape[1] // _MOST))
    mine, rest, wanted = (array[:, every].astype(np.float32) for array in (own, shared, sizes))
    there = coded[:, every]
    level = (wanted.sum(axis=1) + 0.5) / np.maximum(1, there.sum(axis=1))
    some = there.any(axis=0)
    mean = wanted[:, some].sum(axis=0) / there[:, some].sum(axis=0)
    together = likely(np.concatenate([0 * mine[:1], rest])[:, some], mean, np.zeros(1 + len(rest)))
    guesses = together * (level / level.mean())[:, None]
    return np.stack(
        [
            likely(np.concatenate([one[None], rest])[:, at], size[at], guess)
            if np.count_nonzero(size) > len(rest)
            else guess
            for one, size, at, guess in zip(mine, wanted, there, guesses, strict=True)
        ]
    )


def likely(known: Float, sizes: Float, guess: Float) -> Float:
    """Weights whose sums of ``known`` (rows, samples) are the most likely scales of Laplacians of these magnitudes,
    near the ``guess``: least squares, weighted by the inverse square of the scales of the round before.
    """
    scale, weights = guess @ known, guess
    for _ in range(_ITERATIONS):
        weighed = known / np.square(np.maximum(scale, 3e-3))
        normal = weighed @ known.T
        ridge = _RIDGE * np.diag(normal) + 1e-6
        weights = np.linalg.solve(normal + np.diag(ridge), weighed @ sizes + ridge * guess)
        scale = weights @ known
    return weights


def _means(model: LatentModel, sample: Pictures) -> NDArray[np.int32]:
    """Weights (coefficients, 9 * LEADING) of the leading values around, by least squares, at a middle rate."""
    squares, products = np.zeros((9 * LEADING, 9 * LEADING)), np.zeros((9 * LEADING, _SLOPES))
    for picture in sample:
        latents = model.analysis(to_planes(picture, model.stride), model.last_rate // 2)
        seen = nine(np.rint(latents[:LEADING])).reshape(9 * LEADING, -1).astype(np.float64)
        squares += seen @ seen.T
        products += seen @ latents[LEADING : LEADING + _SLOPES].reshape(_SLOPES, -1).T
    squares += 1e-6 * squares.trace() * np.eye(len(squares))
    weights: NDArray[np.int32] = np.rint(2**MEAN_BITS * np.linalg.solve(squares, products).T).astype(np.int32)
    return weights


def _packed(counts: Float) -> Arrays:
    """Probability tables of counts (tables, 2 * radius + 2): symmetric, and two-sided geometric where little was
    counted.
    """
    places = np.abs(np.arange(-_RADIUS, _RADIUS + 1))
    means = np.tile(np.concatenate([SCALES[:1], SCALES]) / ONE, 2)
    radii, tables = [0], [np.array([TOTAL], np.uint32)]
    for mean, row in zip(means, counts[1:], strict=True):
        ratio = (math.sqrt(1 + mean * mean) - 1) / mean  # of neighbouring chances, for that mean magnitude
        shape = (1 - ratio) / (1 + ratio) * ratio**places
        inside = (row[:-1] + row[-2::-1]) / 2 + _PRIOR * shape
        radius = int(np.clip(np.flatnonzero(inside > 0.1).max() - _RADIUS, 1, _RADIUS))
        kept = inside[_RADIUS - radius : _RADIUS + radius + 1]
        radii.append(radius)
        tables.append(quantise_pmf(np.append(kept, inside.sum() - kept.sum() + row[-1] + 1e-3)))
    return {"counts": np.concatenate(tables), "radius": np.array(radii, np.uint16)}
