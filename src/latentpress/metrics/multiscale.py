"""Multi-scale structural similarity (Wang, Simoncelli and Bovik, Asilomar Conference, 2003) and its decibels."""

from __future__ import annotations

import math

import numpy as np

from latentpress.errors import InvalidInputError
from latentpress.metrics._pictures import Picture, Plane, peak_of, planes, same_shape
from latentpress.metrics.structural import WINDOW, similarity

__all__ = ["ms_ssim", "ms_ssim_db", "similarity_db"]

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # the paper's, finest scale first
# The window has to fit into the coarsest scale.
_MIN_SIDE = (WINDOW - 1) * 2 ** (len(SCALE_WEIGHTS) - 1) + 1


def ms_ssim(a: Picture, b: Picture, peak: float | None = None) -> float:
    """MS-SSIM of two pictures (H, W) or (H, W, C) of one shape: 0 to 1 (equal), no unit; higher is better.

    Equation 7 with the paper's five weights, the window of `ssim`, scales joined by 2x2 means, the mean over channels.
    Negative terms count as 0, as in the common implementations. `peak` as in `psnr`.

    Raises `InvalidInputError` for shapes that differ and sides under 161, `MissingExtraError` without SciPy.
    """
    first, second = same_shape(a, b)
    top = peak_of(first, second, peak)
    pairs = list(zip(planes(first), planes(second), strict=True))
    if min(first.shape[:2]) < _MIN_SIDE:
        raise InvalidInputError(
            f"MS-SSIM needs sides of at least {_MIN_SIDE} pixels, not {first.shape[1]}x{first.shape[0]}"
        )
    return float(np.mean([_channel(x, y, top) for x, y in pairs]))


def ms_ssim_db(a: Picture, b: Picture, peak: float | None = None) -> float:
    """MS-SSIM as -10 log10(1 - ms_ssim) in dB: 0 to infinity (equal pictures); higher is better. Raises as `ms_ssim`.

    The form in which papers on learned coding plot MS-SSIM (Balle et al., ICLR 2018): it spreads the values
    near 1.
    """
    return similarity_db(ms_ssim(a, b, peak))


def similarity_db(value: float) -> float:
    """-10 log10(1 - value) in dB for a similarity of at most 1, such as an MS-SSIM already computed; infinite for 1."""
    if not value <= 1:
        raise InvalidInputError(f"a similarity is at most 1, not {value}")
    return math.inf if value == 1 else -10.0 * math.log10(1.0 - value)


def _channel(x: Plane, y: Plane, peak: float) -> float:
    product = 1.0
    for scale, weight in enumerate(SCALE_WEIGHTS):
        if scale:
            x, y = _halve(x), _halve(y)
        whole, contrast = similarity(x, y, peak)
        # Luminance counts at the coarsest scale only.
        term = whole if scale == len(SCALE_WEIGHTS) - 1 else contrast
        product *= max(term, 0.0) ** weight
    return min(product, 1.0)  # rounding may leave equal pictures a hair above


def _halve(x: Plane) -> Plane:
    """2x2 means. An odd side is first padded by a zero row or column before it, which counts in the mean.

    This is what average pooling with padding does in the implementations that published figures come from.
    """
    padded = np.pad(x, [(side % 2, 0) for side in x.shape])
    height, width = padded.shape[0] // 2 * 2, padded.shape[1] // 2 * 2
    quads = padded[:height, :width].reshape(height // 2, 2, width // 2, 2)
    means: Plane = quads.mean(axis=(1, 3))
    return means
