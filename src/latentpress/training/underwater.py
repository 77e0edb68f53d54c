"""Pictures as they would look through some metres of water: colours absorbed, light scattered in between, blur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLEAR", "Water", "random_water", "under_water"]

Float = NDArray[np.float64]

_SHAPES = 12  # standard deviation in pixels of the blur by which a bright thing is told from a bright spot


@dataclass(frozen=True)
class Water:
    """absorbed: a metre, of red, green and blue. scattered: the light of the water itself. near, far: metres to the
    foot of a picture and to its top. blur: standard deviation in pixels that a metre adds.
    """

    absorbed: tuple[float, float, float]
    scattered: tuple[float, float, float]
    near: float
    far: float
    blur: float


CLEAR = Water((0.35, 0.09, 0.05), (0.02, 0.32, 0.38), 1.5, 6.0, 0.25)
"""The ocean far from any shore, about."""


def random_water(rng: np.random.Generator) -> Water:
    """From clear to green and turbid, near to far, for crops, which see a part of the way from foot to top."""
    turbid = rng.random()
    absorbed = np.array(CLEAR.absorbed) * rng.uniform(0.7, 1.3) + turbid * np.array([0.05, 0.02, 0.08])
    scattered = np.array(CLEAR.scattered) * rng.uniform(0.6, 1.2, 3) + turbid * np.array([0.03, 0.06, -0.12])
    near = rng.uniform(0.5, 5.0)
    colours = [(float(red), float(green), float(blue)) for red, green, blue in (absorbed, scattered)]
    return Water(colours[0], colours[1], near, near + rng.uniform(0.2, 3.0), rng.uniform(0.1, 0.35))


def under_water(pixels: NDArray[np.uint8], water: Water = CLEAR) -> NDArray[np.uint8]:
    """A photograph (H, W, 3) under water: its foot is near, its top far, and what is bright a little nearer.

    Light from the scene falls off with distance d as exp(-b d), light scattered on the way adds 1 - exp(-b d) of the
    water's own colour (the model of Jaffe and McGlamery), and what is far is blurred.
    """
    scene = np.square(pixels / 255.0)  # about linear light
    distance = np.linspace(water.far, water.near, len(scene))[:, None] - 0.5 * _blurred(scene.mean(axis=2), _SHAPES)
    shares = (distance - water.near + 0.5) / (water.far - water.near + 0.5)
    near, far = (_blurred(scene, water.blur * metres) for metres in (water.near, water.far))
    mixed = near + np.clip(shares, 0, 1)[:, :, None] * (far - near)
    passes = np.exp(-np.array(water.absorbed) * distance[:, :, None])
    seen: Float = mixed * passes + np.array(water.scattered) * (1 - passes)
    found: NDArray[np.uint8] = np.rint(255 * np.sqrt(np.clip(seen, 0, 1))).astype(np.uint8)
    return found


def _blurred(x: Float, sigma: float) -> Float:
    """(H, W, ...) with a Gaussian over rows and columns, mirrored at the edges, as far as four deviations."""
    radius = int(4 * sigma + 0.5)
    taps = np.exp(-0.5 * np.square(np.arange(-radius, radius + 1) / sigma))
    taps /= taps.sum()
    for axis in (0, 1):
        length = x.shape[axis]
        padded = np.moveaxis(
            np.pad(x, [(radius * (one == axis),) * 2 for one in range(x.ndim)], mode="symmetric"), axis, 0
        )
        x = np.moveaxis(sum(tap * padded[place : place + length] for place, tap in enumerate(taps)), 0, axis)
    return x
