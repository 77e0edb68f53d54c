"""Integer probability tables for a trained network: the shape it was trained with, corrected by what it really
produces.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from latentpress.codecs.latent import TileSettings
from latentpress.codecs.planes import to_planes
from latentpress.codecs.ports import Counting
from latentpress.codecs.scales import SCALE_COUNT
from latentpress.entropy import TOTAL, quantise_pmf
from latentpress.parts.likelihood import logistic_bits, scale_of
from latentpress.systems.hyperprior.layout import HYPER_LIMIT, RESIDUAL_LIMIT
from latentpress.systems.hyperprior.model import HyperpriorModel
from latentpress.training.data import Pictures

__all__ = ["initial_tables", "measured_tables"]

_MAX_RADIUS = 1023
_PRIOR_SAMPLES = 200.0  # weight of the trained shape against the counts
_HYPER_PRIOR_SAMPLES = 20.0

Arrays = dict[str, NDArray[Any]]


def initial_tables(hyper_scale: NDArray[np.float64]) -> Arrays:
    """Tables of the trained shape alone. ``hyper_scale``: scale index of each hyper latent (anchors, Z)."""
    shapes = [_shape(i) for i in range(1, SCALE_COUNT)]
    hyper = [_hyper_shape(index) for index in hyper_scale.ravel()]
    return _pack(shapes, hyper)


def measured_tables(
    model: HyperpriorModel,
    pictures: Pictures,
    rates: Sequence[int],
    weight: float,
    hyper_scale: NDArray[np.float64],
) -> Arrays:
    """Tables from the symbols that the codec chooses for the pictures at the rate indices, blended with the trained
    shape.

    Counts of a symbol and its negative are pooled: the distribution of a residual has no reason to be lopsided.
    """
    shapes = [_shape(i) for i in range(1, SCALE_COUNT)]
    counts = np.zeros((SCALE_COUNT, 2 * RESIDUAL_LIMIT + 1))
    hyper = np.stack([_hyper_shape(index) * _HYPER_PRIOR_SAMPLES for index in hyper_scale.ravel()])
    for picture in pictures:
        for rate in rates:
            latents = model.analysis(to_planes(picture, model.stride), rate)
            port = Counting()
            model.code(port, rate, (latents.shape[1], latents.shape[2]), latents, TileSettings(weight=weight))
            counts += port.counts["latents"]
            first = model.nearest_anchor(rate) * model.hyper_latents
            hyper[first : first + model.hyper_latents] += port.counts["hyper latents"]
    blended = []
    for shape, row in zip(shapes, counts[1:], strict=True):
        radius = (len(shape) - 2) // 2
        inside = row[RESIDUAL_LIMIT - radius : RESIDUAL_LIMIT + radius + 1]
        seen = np.append(0.5 * (inside + inside[::-1]), row.sum() - inside.sum())
        blended.append(seen + _PRIOR_SAMPLES * shape)
    return _pack(blended, list(hyper))


def _shape(index: int) -> NDArray[np.float64]:
    """Discretised logistic of a scale index: mass of -r..r, then of all the rest. r ends where a count of 1 would be
    too much.
    """
    scale = scale_of(torch.tensor(float(index), dtype=torch.float64))
    symbols = torch.arange(_MAX_RADIUS + 1, dtype=torch.float64)
    mass = torch.exp2(-logistic_bits(symbols, scale)).numpy()
    radius = max(1, int(np.searchsorted(-mass, -1.0 / TOTAL)) - 1)
    inside = np.concatenate([mass[radius:0:-1], mass[: radius + 1]])
    full: NDArray[np.float64] = np.append(inside, max(1.0 - inside.sum(), 1e-9))
    return full


def _hyper_shape(index: float) -> NDArray[np.float64]:
    """Discretised logistic over all hyper latents -63..63."""
    scale = scale_of(torch.tensor(float(index), dtype=torch.float64))
    symbols = torch.arange(-HYPER_LIMIT, HYPER_LIMIT + 1, dtype=torch.float64)
    mass: NDArray[np.float64] = torch.exp2(-logistic_bits(symbols, scale)).numpy()
    mass /= mass.sum()
    return mass


def _pack(scales: Sequence[NDArray[np.float64]], hyper: Sequence[NDArray[np.float64]]) -> Arrays:
    """Weights of all tables as the integer arrays of a package. Scale table 0 codes nothing."""
    radius = [0, *((len(weights) - 2) // 2 for weights in scales)]
    counts = [np.array([TOTAL], np.uint32), *(quantise_pmf(weights / weights.sum()) for weights in scales)]
    hyper_radius, hyper_counts = [], []
    for weights in hyper:
        pmf = weights / weights.sum()
        likely = np.flatnonzero(pmf > 0.5 / TOTAL) - HYPER_LIMIT
        reach = int(min(HYPER_LIMIT, max(1, np.abs(likely).max())))
        inside = pmf[HYPER_LIMIT - reach : HYPER_LIMIT + reach + 1]
        full = np.append(inside, max(1.0 - math.fsum(inside), 1e-9))
        hyper_radius.append(reach)
        hyper_counts.append(quantise_pmf(full / full.sum()))
    return {
        "radius": np.array(radius, np.uint16),
        "counts": np.concatenate(counts).astype(np.uint32),
        "hyper_radius": np.array(hyper_radius, np.uint16),
        "hyper_counts": np.concatenate(hyper_counts).astype(np.uint32),
    }
