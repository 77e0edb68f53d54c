"""Integer chances and tables of `importance-map`, counted on what the codec really codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from latentpress.codecs.ports import Counting
from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.codecs.scales import SCALE_COUNT
from latentpress.entropy import TOTAL, quantise_pmf
from latentpress.parts.likelihood import logistic_bits, scale_of
from latentpress.systems.importance_map import layout
from latentpress.systems.importance_map.coefficients import group_of, tops_of
from latentpress.systems.importance_map.model import ImportanceModel
from latentpress.training.data import Pictures

__all__ = ["make_tables"]

_MAGNITUDES = 17
_USUAL_TOP = 6
_TOP_REACH = 12
_PRIOR_BITS = 24.0  # weight of the trained logit against the counts of a level
_PRIOR_MAP, _PRIOR_TOPS = 40.0, 2.0

Arrays = dict[str, NDArray[Any]]


def make_tables(
    anchors: int, latents: int, pyramid: int, model: ImportanceModel | None = None, pictures: Pictures = ()
) -> Arrays:
    """Tables from what the codec codes of the pictures at each anchor of the rate; without a model, those of no
    knowledge. latents, pyramid: feature maps, and those of the wavelet.
    """
    port, groups = Counting(), int(group_of(latents, pyramid)[-1]) + 1
    tops = np.full((anchors, max(1, len(pictures)), groups), _USUAL_TOP, np.int32)
    if model is not None:
        for anchor, number in np.ndindex(anchors, len(pictures)):
            values = model.code_picture(port, pictures[number], anchor * STEPS_PER_ANCHOR)
            tops[anchor, number] = tops_of(np.abs(values.exact[1]), pyramid)
    usual = np.rint(np.median(tops, axis=1)).astype(np.int32)
    off = np.clip(tops - usual[:, None], -_TOP_REACH, _TOP_REACH) + _TOP_REACH
    seen = np.stack([np.bincount(off[:, :, g].ravel(), minlength=2 * _TOP_REACH + 1) for g in range(groups)])
    steps = port.counts.get("importances", np.zeros((layout.MAP_TABLES, 2 * layout.MOST_DROPPED + 1), np.int64))
    map_counts, map_radius = _pack(steps, _PRIOR_MAP, 0.25)
    top_counts, top_radius = _pack(seen, _PRIOR_TOPS, 0.5)
    logit = np.arange(-layout.LOGIT_LIMIT, layout.LOGIT_LIMIT + 1) / 2**layout.LOGIT_BITS
    logistic = 1 / (1 + np.exp(-logit))
    scale = scale_of(torch.arange(SCALE_COUNT, dtype=torch.float64))[:, None]
    bits = logistic_bits(torch.arange(_MAGNITUDES, dtype=torch.float64)[None], scale)
    return {
        "significance": _chances(port, "significance", np.broadcast_to(logistic, layout.SIGNIFICANCE_SHAPE)),
        "sign": _chances(port, "sign", logistic),
        "refinement": _chances(port, "refinement", np.full(layout.REFINEMENT_SHAPE, 0.45)),
        "map_counts": map_counts,
        "map_radius": map_radius,
        "top_counts": top_counts,
        "top_radius": top_radius,
        "tops": usual.astype(np.int16),
        "magnitude_bits": bits.numpy().astype(np.float32),
    }


def _chances(port: Counting, name: str, prior: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Chances of bits of that name, where little was seen near the prior."""
    zeros, ones = port.counts.get(name, np.zeros((2, prior.size))).reshape(2, *prior.shape)
    chance = (ones + _PRIOR_BITS * prior) / (zeros + ones + _PRIOR_BITS)
    whole: NDArray[np.uint32] = np.clip(np.rint(chance * TOTAL), 1, TOTAL - 1).astype(np.uint32)
    return whole


def _pack(seen: NDArray[np.integer[Any]], weight: float, fall: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Counts and radii of tables over -r..r, with a prior that falls to both sides and next to nothing for escapes."""
    reach = seen.shape[1] // 2
    prior = fall ** np.abs(np.arange(-reach, reach + 1.0))
    blended = seen + weight * prior / prior.sum()
    rows = [quantise_pmf(np.append(row / row.sum(), 1e-6)) for row in blended]
    return np.concatenate(rows).astype(np.uint32), np.full(len(rows), reach, np.uint16)
