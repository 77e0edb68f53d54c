"""Pictures as they would look through some metres of water: colours absorbed, light scattered in between, blur."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

__all__ = ["under_water"]

Float = NDArray[np.float64]

_ABSORBED = np.array([0.35, 0.09, 0.05])  # a metre, of red, green and blue: clear ocean water, about
_SCATTERED = np.array([0.02, 0.32, 0.38])  # the light of the water itself
_NEAR, _FAR = 1.5, 6.0  # metres
_BLUR = 0.25  # standard deviation in pixels that a metre adds


def under_water(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A photograph (H, W, 3) under water: its foot is near, its top far, and what is bright a little nearer.

    Light from the scene falls off with distance d as exp(-b d), light scattered on the way adds 1 - exp(-b d) of the
    water's own colour (the model of Jaffe and McGlamery), and what is far is blurred.
    """
    scene = np.square(pixels / 255.0)  # about linear light
    height = len(scene)
    distance = np.linspace(_FAR, _NEAR, height)[:, None] - 0.5 * gaussian_filter(scene.mean(axis=2), 12)
    shares = (distance - _NEAR + 0.5) / (_FAR - _NEAR + 0.5)
    blurred = [gaussian_filter(scene, (_BLUR * metres, _BLUR * metres, 0)) for metres in (_NEAR, _FAR)]
    mixed = blurred[0] + np.clip(shares, 0, 1)[:, :, None] * (blurred[1] - blurred[0])
    passes = np.exp(-_ABSORBED * distance[:, :, None])
    seen: Float = mixed * passes + _SCATTERED * (1 - passes)
    found: NDArray[np.uint8] = np.rint(255 * np.sqrt(np.clip(seen, 0, 1))).astype(np.uint8)
    return found
