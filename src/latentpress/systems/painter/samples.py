"""What painters learn from: crops, what their files decode to, and what the model's own synthesis shows of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.latent import LatentModel
from latentpress.codecs.ports import Pricing
from latentpress.training.data import Pictures, sample_crops, step_generator
from latentpress.training.system import Say

__all__ = ["Painted", "paint", "paint_crops"]

_SAY_EVERY = 200


@dataclass(frozen=True)
class Painted:
    """A crop at one rate. picture, true (3, H, W) uint8: the crop, and as the model's own synthesis shows it. values
    (M, H/16, W/16) int16: what its file decodes to, in sixteenths of a step. error: mean squared error of ``true``.
    """

    picture: NDArray[np.uint8]
    true: NDArray[np.uint8]
    values: NDArray[np.int16]
    rate: int
    error: float


def paint(model: LatentModel, picture: NDArray[np.uint8], rate: int) -> Painted:
    """Code a picture (H, W, 3), sides multiples of the stride, at a rate index and show it."""
    values = model.code_picture(Pricing(), picture, rate)
    shown = model.synthesis(values.values, rate)
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))
    error = float(np.square(shown - planes).mean())
    true = np.clip(np.rint(shown), 0, 255).astype(np.uint8)
    return Painted(planes, true, np.clip(values.sixteenths, -(2**15), 2**15 - 1).astype(np.int16), rate, error)


def paint_crops(
    model: LatentModel, pictures: Pictures, count: int, side: int, towards_low: float, seed: int, say: Say
) -> Sequence[Painted]:
    """``count`` random crops, each at a rate of its own: evenly spread over the range, or with ``towards_low`` above 1
    more of them at low rates.
    """
    found = []
    for number in range(count):
        rng = step_generator(seed, number)
        crop = sample_crops(pictures, 1, side, rng)[0]
        place = ((number + rng.random()) / count * 7919) % 1  # neighbours are far apart, all places are hit once
        rate = min(int(place**towards_low * (model.last_rate + 1)), model.last_rate)
        found.append(paint(model, np.ascontiguousarray(crop.transpose(1, 2, 0)), rate))
        if (number + 1) % _SAY_EVERY == 0:
            say(f"{number + 1} of {count} crops coded")
    return found
