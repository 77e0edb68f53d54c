"""Structural similarity (Wang, Bovik, Sheikh and Simoncelli, IEEE Transactions on Image Processing 13(4), 2004)."""

from __future__ import annotations

import numpy as np

from latentpress._extras import needs_extra
from latentpress.errors import InvalidInputError
from latentpress.metrics._pictures import Picture, Plane, peak_of, planes, same_shape

__all__ = ["WINDOW", "similarity", "ssim"]

WINDOW = 11  # taps of the Gaussian window, on each axis
_SIGMA = 1.5
_K1, _K2 = 0.01, 0.03


def ssim(a: Picture, b: Picture, peak: float | None = None) -> float:
    """SSIM of two pictures (H, W) or (H, W, C) of one shape: -1 to 1 (equal), no unit; higher is better.

    Equation 13 with K1 = 0.01 and K2 = 0.03, an 11x11 Gaussian window of sigma 1.5 at each place where it lies wholly
    inside the picture, and population (not sample) variances. The value of a colour picture is the mean over its
    channels; for the SSIM of brightness, pass the brightness alone. `peak` as in `psnr`.

    Raises `InvalidInputError` for shapes that differ and sides under 11, `MissingExtraError` without SciPy.
    """
    first, second = same_shape(a, b)
    top = peak_of(first, second, peak)
    pairs = list(zip(planes(first), planes(second), strict=True))
    if min(first.shape[:2]) < WINDOW:
        raise InvalidInputError(f"SSIM needs sides of at least {WINDOW} pixels, not {first.shape[1]}x{first.shape[0]}")
    return float(np.mean([similarity(x, y, top)[0] for x, y in pairs]))


def similarity(x: Plane, y: Plane, peak: float) -> tuple[float, float]:
    """The means of SSIM and of its contrast-structure factor over all window places of two planes."""
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x = _blur(x * x) - mean_x * mean_x
    variance_y = _blur(y * y) - mean_y * mean_y
    covariance = _blur(x * y) - mean_x * mean_y
    c1, c2 = (_K1 * peak) ** 2, (_K2 * peak) ** 2
    contrast = (2 * covariance + c2) / (variance_x + variance_y + c2)
    luminance = (2 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
    return float(np.mean(luminance * contrast)), float(np.mean(contrast))


def _blur(x: Plane) -> Plane:
    """Gaussian means over the windows inside the plane: (H, W) to (H - 10, W - 10)."""
    with needs_extra("SSIM", "bench"):
        from scipy.ndimage import correlate1d
    offsets = np.arange(WINDOW) - WINDOW // 2
    window = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    window /= window.sum()
    margin = WINDOW // 2
    rows = correlate1d(x, window, axis=0)[margin:-margin]
    valid: Plane = correlate1d(rows, window, axis=1)[:, margin:-margin]
    return valid
