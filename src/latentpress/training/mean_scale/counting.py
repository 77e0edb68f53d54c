"""Integer probability tables for a trained network: the shape it was trained with, corrected by what it really
produces.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from latentpress.codecs.anchor_tables import pack_tables
from latentpress.codecs.mean_scale.layout import HYPER_LIMIT, RESIDUAL_LIMIT
from latentpress.codecs.mean_scale.model import MeanScaleModel
from latentpress.codecs.ports import Counting
from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.codecs.scales import SCALE_COUNT
from latentpress.entropy import TOTAL, quantise_pmf
from latentpress.parts.likelihood import logistic_bits, scale_of
from latentpress.training.data import Pictures

__all__ = ["make_tables"]

_MAX_RADIUS = 1023
_PRIOR_SAMPLES = 200.0  # weight of the trained shape against the counts
_HYPER_PRIOR_SAMPLES = 20.0

Weights = NDArray[np.float64]


def make_tables(
    hyper_scale: Weights, model: MeanScaleModel | None = None, pictures: Pictures = ()
) -> dict[str, NDArray[Any]]:
    """Tables from the symbols that the codec chooses for the pictures at each anchor of the rate, blended with the
    trained shape; without a model, of that alone. ``hyper_scale``: scale index of each hyper latent (anchors, Z).

    Counts of a symbol and its negative are pooled: the distribution of a residual has no reason to be lopsided.
    """
    counts = np.zeros((SCALE_COUNT, 2 * RESIDUAL_LIMIT + 1))
    reach = np.arange(-HYPER_LIMIT, HYPER_LIMIT + 1)
    hyper = np.stack([[_mass(reach, index) for index in anchor] for anchor in hyper_scale])
    hyper *= _HYPER_PRIOR_SAMPLES / hyper.sum(axis=2, keepdims=True)
    if model is not None:
        for anchor, number in np.ndindex(len(hyper_scale), len(pictures)):
            port = Counting()
            model.code_picture(port, pictures[number], anchor * STEPS_PER_ANCHOR)
            counts += port.counts["latents"]
            hyper[anchor] += port.counts["hyper latents"]
    blended = [_blended(_shape(index), counts[index]) for index in range(1, SCALE_COUNT)]
    scales = [np.array([TOTAL], np.uint32), *map(quantise_pmf, blended)]  # table 0 codes nothing
    of_hyper = pack_tables(hyper.reshape(-1, reach.size))
    return {
        "radius": np.array([len(table) // 2 - (len(table) > 1) for table in scales], np.uint16),
        "counts": np.concatenate(scales).astype(np.uint32),
        **{f"hyper_{name}": array for name, array in of_hyper.items()},
    }


def _blended(shape: Weights, row: Weights) -> Weights:
    """A table's weights: of -r..r, then of all the rest. row: counts from -RESIDUAL_LIMIT on."""
    radius = (len(shape) - 2) // 2
    inside = row[RESIDUAL_LIMIT - radius : RESIDUAL_LIMIT + radius + 1]
    seen = np.append(0.5 * (inside + inside[::-1]), row.sum() - inside.sum())
    blended: Weights = seen + _PRIOR_SAMPLES * shape
    return blended


def _shape(index: int) -> Weights:
    """Discretised logistic of a scale index: mass of -r..r, then of all the rest. r ends where a count of 1 would be
    too much.
    """
    mass = _mass(np.arange(_MAX_RADIUS + 1), index)
    radius = max(1, int(np.searchsorted(-mass, -1.0 / TOTAL)) - 1)
    inside = np.concatenate([mass[radius:0:-1], mass[: radius + 1]])
    return np.append(inside, max(1.0 - inside.sum(), 1e-9))


def _mass(symbols: NDArray[np.integer[Any]], index: float) -> Weights:
    """Mass of symbols under the discretised logistic of a scale index."""
    scale = scale_of(torch.tensor(float(index), dtype=torch.float64))
    mass: Weights = torch.exp2(-logistic_bits(torch.from_numpy(symbols).double(), scale)).numpy()
    return mass
