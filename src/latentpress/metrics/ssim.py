"""Multi-scale structural similarity (Wang, Simoncelli and Bovik, 2003)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress._extras import needs_extra
from latentpress.errors import InvalidInputError

__all__ = ["ms_ssim"]

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # the paper's, finest scale first
_WINDOW = 11
_SIGMA = 1.5
_K1, _K2 = 0.01, 0.03
# The window has to fit into the coarsest scale.
_MIN_SIDE = (_WINDOW - 1) * 2 ** (len(_WEIGHTS) - 1) + 1

Plane = NDArray[np.float64]


def ms_ssim(a: NDArray[Any], b: NDArray[Any], peak: float = 255.0) -> float:
    """MS-SSIM of two pictures (H, W) or (H, W, C) of the same shape, both sides at least 161: at most 1 (equal).

    Five scales with the paper's weights, an 11x11 Gaussian window (sigma 1.5) over valid positions, scales joined by
    2x2 means, the mean over channels. Negative contrast terms count as 0, as in the common implementations.

    Raises `InvalidInputError` for shapes that do not fit, `MissingExtraError` without SciPy.
    """
    first, second = np.asarray(a), np.asarray(b)
    if first.shape != second.shape or first.ndim not in (2, 3):
        raise InvalidInputError(f"pictures of the shapes {first.shape} and {second.shape} cannot be compared")
    if min(first.shape[:2]) < _MIN_SIDE:
        raise InvalidInputError(
            f"MS-SSIM needs sides of at least {_MIN_SIDE} pixels, not {first.shape[1]}x{first.shape[0]}"
        )
    if first.ndim == 2:
        first, second = first[..., None], second[..., None]
    channels = range(first.shape[2])
    return float(np.mean([_channel(first[..., c], second[..., c], peak) for c in channels]))


def _channel(a: NDArray[Any], b: NDArray[Any], peak: float) -> float:
    x, y = a.astype(np.float64), b.astype(np.float64)
    product = 1.0
    for scale, weight in enumerate(_WEIGHTS):
        if scale:
            x, y = _halve(x), _halve(y)
        similarity, contrast = _ssim(x, y, peak)
        # Luminance counts at the coarsest scale only.
        term = similarity if scale == len(_WEIGHTS) - 1 else contrast
        product *= max(term, 0.0) ** weight
    return product


def _ssim(x: Plane, y: Plane, peak: float) -> tuple[float, float]:
    """The means of SSIM and of its contrast-structure part over all window positions."""
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x = _blur(x * x) - mean_x * mean_x
    variance_y = _blur(y * y) - mean_y * mean_y
    covariance = _blur(x * y) - mean_x * mean_y
    c1, c2 = (_K1 * peak) ** 2, (_K2 * peak) ** 2
    contrast = (2 * covariance + c2) / (variance_x + variance_y + c2)
    luminance = (2 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
    return float(np.mean(luminance * contrast)), float(np.mean(contrast))


def _blur(x: Plane) -> Plane:
    with needs_extra("MS-SSIM", "bench"):
        from scipy.ndimage import correlate1d
    offsets = np.arange(_WINDOW) - _WINDOW // 2
    window = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    window /= window.sum()
    margin = _WINDOW // 2
    rows = correlate1d(x, window, axis=0)[margin:-margin]
    valid: Plane = correlate1d(rows, window, axis=1)[:, margin:-margin]
    return valid


def _halve(x: Plane) -> Plane:
    """2x2 means. An odd side is first padded by a zero row or column before it, which counts in the mean.

    This is what average pooling with padding does in the implementations that published figures come from.
    """
    padded = np.pad(x, [(side % 2, 0) for side in x.shape])
    height, width = padded.shape[0] // 2 * 2, padded.shape[1] // 2 * 2
    quads = padded[:height, :width].reshape(height // 2, 2, width // 2, 2)
    means: Plane = quads.mean(axis=(1, 3))
    return means
