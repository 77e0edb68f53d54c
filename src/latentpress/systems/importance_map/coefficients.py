"""Feature maps to the integers of a file, and back: which planes a place keeps, and what is left of each value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.rounding import Rounding
from latentpress.codecs.scales import STEPS_PER_OCTAVE, tables_of
from latentpress.systems.importance_map.layout import MOST_DROPPED, NOMINAL, TOP_LIMIT
from latentpress.transforms import wavelet

if TYPE_CHECKING:
    from latentpress.systems.importance_map.model import ImportanceModel

__all__ = ["Coefficients", "group_of", "quantise", "shifts_of", "tops_of", "values_of"]

_GROUP = 16  # feature maps that share a top plane; those of the wavelet have one for themselves together

Float = NDArray[np.float32]


@dataclass(frozen=True)
class Coefficients:
    """The integers of a tile. ``dropped`` (h, w): the importance map. ``magnitude`` (M, h, w), in units of plane 0,
    with zeros in the planes that are dropped; ``sign``: -1, 0, 1.
    """

    dropped: NDArray[np.uint8]
    magnitude: NDArray[np.int32]
    sign: NDArray[np.int8]


def shifts_of(dropped: NDArray[np.uint8], latents: int, pyramid: int) -> NDArray[np.uint8]:
    """Planes that each coefficient drops (M, h, w).

    Means (the feature maps of the wavelet) cost little and show everywhere: they keep as many planes as the most
    important of the 3x3 places around, and never fewer than a place of middling importance.
    """
    height, width = dropped.shape
    padded = np.pad(dropped, 1, mode="edge")
    around = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    low = np.minimum(np.minimum.reduce(around), NOMINAL)
    shifts = np.empty((latents, height, width), np.uint8)
    shifts[:pyramid], shifts[pyramid:] = low, dropped
    return shifts


def quantise(
    model: ImportanceModel, latents: Float, rate: int, weight: float, raised: NDArray[np.int8] | None = None
) -> Coefficients:
    """The coefficients of feature maps (M, h, w). weight: of a squared error (`Rounding`). raised (h, w): planes to
    keep more, or with a minus fewer.
    """
    latents = latents.copy()
    latents[: model.pyramid] = wavelet.forward(latents[: model.pyramid])
    wanted = np.floor(model.importance(latents, rate) + np.float32(0.5))
    if raised is not None:
        wanted = wanted - raised
    dropped = np.clip(wanted, 0, MOST_DROPPED).astype(np.uint8)
    shifts = shifts_of(dropped, model.latents, model.pyramid)
    offset = shifts.astype(np.float32) - NOMINAL
    step = np.exp2(offset)
    scaled: Float = (latents / step).astype(np.float32)
    index = model.estimate(np.rint(scaled) * step, dropped, rate) - np.float32(STEPS_PER_OCTAVE) * offset
    symbols = Rounding(model.magnitude_bits, weight).round(scaled, tables_of(index))
    largest = (np.int32(2**TOP_LIMIT - 1) >> shifts.astype(np.int32)).astype(np.float32)
    magnitude = np.minimum(np.abs(symbols), largest).astype(np.int32) << shifts
    return Coefficients(dropped, magnitude, (np.sign(symbols) * (magnitude > 0)).astype(np.int8))


def values_of(signed: NDArray[np.int32], pyramid: int) -> Float:
    """Feature maps (M, h, w) in nominal steps for the synthesis, whole sixteenths, of signed coefficients."""
    values = signed.astype(np.float32) * np.float32(2.0**-NOMINAL)
    maps = wavelet.inverse(values[:pyramid])
    values[:pyramid] = np.floor(maps * 16 + np.float32(0.5)) / 16
    return values


def group_of(latents: int, pyramid: int) -> NDArray[np.intp]:
    """The group of each feature map: those of the wavelet, then 16 at a time."""
    rest = 1 + np.arange(latents - pyramid) // _GROUP
    return np.concatenate([np.zeros(pyramid, np.intp), rest])


def tops_of(magnitude: NDArray[np.int32], pyramid: int) -> NDArray[np.int32]:
    """How many planes each group of feature maps needs."""
    largest = magnitude.max(axis=(1, 2))
    group = group_of(len(largest), pyramid)
    tops = np.zeros(group[-1] + 1, np.int32)
    np.maximum.at(tops, group, np.frexp(largest.astype(np.float64))[1].astype(np.int32))
    return tops
