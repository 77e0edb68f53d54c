"""Integer chances and tables of `importance-map`, counted on what the codec really codes."""

from __future__ import annotations

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
from latentpress.systems.importance_map.coefficients import group_of, tops_of
from latentpress.systems.importance_map.layout import (
    MAP_TABLES,
    MOST_DROPPED,
    REFINEMENT_SHAPE,
    SIGN_LEVELS,
    SIGNIFICANCE_SHAPE,
)
from latentpress.systems.importance_map.model import ImportanceModel
from latentpress.training.data import Pictures

__all__ = ["initial_tables", "measured_tables"]

_MAGNITUDES = 17
_USUAL_TOP = 6
_TOP_REACH = 12
_PRIOR_BITS = 24.0  # weight of the trained logit against the counts of a level
_PRIOR_MAP, _PRIOR_TOPS = 40.0, 2.0

Arrays = dict[str, NDArray[Any]]


def initial_tables(anchors: int, latents: int, pyramid: int) -> Arrays:
    """Chances as the logits say, tables of no knowledge."""
    chance = _logistic()
    groups = int(group_of(latents, pyramid)[-1]) + 1
    map_counts, map_radius = _pack(np.zeros((MAP_TABLES, 2 * MOST_DROPPED + 1)), _PRIOR_MAP, 0.25)
    top_counts, top_radius = _pack(np.zeros((groups, 2 * _TOP_REACH + 1)), _PRIOR_TOPS, 0.5)
    scale = scale_of(torch.arange(SCALE_COUNT, dtype=torch.float64))[:, None]
    bits = logistic_bits(torch.arange(_MAGNITUDES, dtype=torch.float64)[None], scale)
    return {
        "significance": _counts(np.broadcast_to(chance, SIGNIFICANCE_SHAPE)),
        "sign": _counts(chance),
        "refinement": np.full(REFINEMENT_SHAPE, TOTAL // 2, np.uint32),
        "map_counts": map_counts,
        "map_radius": map_radius,
        "top_counts": top_counts,
        "top_radius": top_radius,
        "tops": np.full((anchors, groups), _USUAL_TOP, np.int16),
        "magnitude_bits": bits.numpy().astype(np.float32),
    }


def measured_tables(model: ImportanceModel, pictures: Pictures, rates: Sequence[int]) -> Arrays:
    """Tables from what the codec codes of the pictures at the rate indices, one for each anchor."""
    port = Counting()
    tops = np.zeros((len(rates), len(pictures), model.tops.shape[1]), np.int32)
    for number, picture in enumerate(pictures):
        for place, rate in enumerate(rates):
            latents = model.analysis(to_planes(picture, model.stride), rate)
            values = model.code(port, rate, (latents.shape[1], latents.shape[2]), latents, TileSettings())
            tops[place, number] = tops_of(np.abs(values.exact[1]), model.pyramid)
    usual = np.rint(np.median(tops, axis=1)).astype(np.int16)
    off = np.clip(tops - usual[:, None].astype(np.int32), -_TOP_REACH, _TOP_REACH) + _TOP_REACH
    seen = np.stack([np.bincount(off[:, :, g].ravel(), minlength=2 * _TOP_REACH + 1) for g in range(off.shape[2])])
    map_counts, map_radius = _pack(port.counts["importances"].astype(np.float64), _PRIOR_MAP, 0.25)
    top_counts, top_radius = _pack(seen.astype(np.float64), _PRIOR_TOPS, 0.5)
    chance = _logistic()
    return {
        "significance": _measured(port, "significance", np.broadcast_to(chance, SIGNIFICANCE_SHAPE)),
        "sign": _measured(port, "sign", chance),
        "refinement": _measured(port, "refinement", np.full(REFINEMENT_SHAPE, 0.45)),
        "map_counts": map_counts,
        "map_radius": map_radius,
        "top_counts": top_counts,
        "top_radius": top_radius,
        "tops": usual,
        "magnitude_bits": np.asarray(model.package.tables["magnitude_bits"]),
    }


def _measured(port: Counting, name: str, prior: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Chances of bits of that name, where little was seen near the prior."""
    zeros, ones = port.counts.get(name, np.zeros((2, prior.size))).reshape(2, *prior.shape)
    return _counts((ones + _PRIOR_BITS * prior) / (zeros + ones + _PRIOR_BITS))


def _logistic() -> NDArray[np.float64]:
    """The chance that each level of a logit stands for."""
    level = np.arange(SIGN_LEVELS) - SIGN_LEVELS // 2
    chance: NDArray[np.float64] = 1 / (1 + np.exp(-level / 16.0))
    return chance


def _counts(chance: NDArray[np.float64]) -> NDArray[np.uint32]:
    return np.clip(np.rint(chance * TOTAL), 1, TOTAL - 1).astype(np.uint32)


def _pack(seen: NDArray[np.float64], weight: float, fall: float) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
    """Counts and radii of tables over -r..r, with a prior that falls to both sides and next to nothing for escapes."""
    reach = seen.shape[1] // 2
    prior = fall ** np.abs(np.arange(-reach, reach + 1.0))
    blended = seen + weight * prior / prior.sum()
    rows = [quantise_pmf(np.append(row / row.sum(), 1e-6)) for row in blended]
    return np.concatenate(rows).astype(np.uint32), np.full(len(rows), reach, np.uint16)
