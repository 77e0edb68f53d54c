"""Squared error and its decibels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import InvalidInputError

__all__ = ["mse", "psnr"]


def mse(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Mean squared difference over all samples of two arrays of the same shape (H, W) or (H, W, C)."""
    first, second = np.asarray(a), np.asarray(b)
    if first.shape != second.shape or first.size == 0:
        raise InvalidInputError(f"pictures of the shapes {first.shape} and {second.shape} cannot be compared")
    difference = first.astype(np.float64) - second
    return float(np.mean(difference * difference))


def psnr(a: NDArray[Any], b: NDArray[Any], peak: float = 255.0) -> float:
    """Peak signal-to-noise ratio 10 log10(peak^2 / mse) in dB; infinite for equal pictures.

    The channels share one mean squared error: for RGB pictures this is the "RGB PSNR" of the literature.
    """
    error = mse(a, b)
    return math.inf if error == 0 else 10.0 * math.log10(peak * peak / error)
