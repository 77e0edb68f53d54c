"""Speckle smoothed by a rule, which multiplies what is there by noise of mean 1: what a network is measured against.

The filter is that of Lee 1980, "Digital image enhancement and noise filtering by use of local statistics": where a
neighbourhood varies no more than speckle does, its mean; where it varies more, as at the border of two layers, the
value itself comes through.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

__all__ = ["despeckled", "speckle_of"]

Plane = NDArray[np.float64]

_SIDE = 7  # of a neighbourhood


def speckle_of(plane: Plane) -> float:
    """The coefficient of variation of the speckle: that of most neighbourhoods of tissue, which lie within a layer."""
    mean, variance = _moments(plane)
    bright = mean > np.median(mean)
    return float(np.sqrt(np.median(variance[bright] / np.square(mean[bright])))) if bright.any() else 0.0


def despeckled(plane: Plane) -> Plane:
    """The scan (H, W) with its speckle smoothed."""
    speckle = speckle_of(plane) ** 2
    mean, variance = _moments(plane)
    texture = np.maximum(variance - speckle * np.square(mean), 0) / (1 + speckle)
    gain = np.divide(texture, variance, out=np.zeros_like(mean), where=variance > 0)
    smooth: Plane = mean + gain * (plane - mean)
    return smooth


def _moments(plane: Plane) -> tuple[Plane, Plane]:
    mean = uniform_filter(plane, _SIDE, mode="nearest")
    return mean, np.maximum(uniform_filter(np.square(plane), _SIDE, mode="nearest") - np.square(mean), 0)
