"""Squared error, its root and its decibels."""

from __future__ import annotations

import math

import numpy as np

from latentpress.metrics._pictures import Picture, peak_of, same_shape

__all__ = ["mse", "psnr", "psnr_s1", "rmse"]


def mse(a: Picture, b: Picture) -> float:
    """Mean squared error over all samples (pixels and channels alike) of two arrays of one shape.

    Range 0 (equal) to peak^2, in squared sample values; lower is better.
    """
    first, second = same_shape(a, b)
    difference = first.astype(np.float64) - second
    return float(np.mean(difference * difference))


def rmse(a: Picture, b: Picture) -> float:
    """Root of the mean squared error: range 0 (equal) to the peak, in sample values; lower is better."""
    return math.sqrt(mse(a, b))


def psnr(a: Picture, b: Picture, peak: float | None = None) -> float:
    """Peak signal-to-noise ratio 10 log10(peak^2 / mse) in dB: 0 to infinity (equal pictures); higher is better.

    The channels share one mean squared error: for RGB pictures this is the "RGB PSNR" of the literature. The peak is
    the largest value that a sample can take, not the largest that it takes: 255 for uint8, 65535 for uint16, and
    otherwise `peak`, without which `InvalidInputError` is raised.
    """
    first, second = same_shape(a, b)
    top = peak_of(first, second, peak)
    error = mse(first, second)
    return math.inf if error == 0 else 10.0 * math.log10(top * top / error)


def psnr_s1(a: Picture, b: Picture) -> float:
    """WRONG as a PSNR: 10 log10(255^2 / sqrt(mse)), equation 5 of Lee and Kim 2023 (S1).

    It takes the root of the error once too often: it lies 10 log10(rmse) dB above the PSNR where the error exceeds one
    level, and below it otherwise. It is kept only to set that paper's formula beside `psnr` in one table, whose printed
    figures neither of the two reproduces. Use `psnr`.
    """
    error = mse(a, b)
    return math.inf if error == 0 else 10.0 * math.log10(255.0**2 / math.sqrt(error))
