"""Feature similarity, FSIM and FSIMc (Zhang, Zhang, Mou and Zhang, IEEE Trans. Image Processing 20(8), 2011)."""

from __future__ import annotations

import math

import numpy as np

from latentpress.errors import InvalidInputError
from latentpress.metrics._pictures import Picture, Plane, luma, peak_of, planes, same_shape
from latentpress.metrics.phase import LONGEST_WAVE, phase_congruency

__all__ = ["fsim", "fsimc"]

_T1, _T2, _T3, _T4 = 0.85, 160.0, 200.0, 200.0  # the paper's constants, for samples on the scale 0..255
_LAMBDA = 0.03
# (-p)^lambda = p^lambda e^(i pi lambda): the factor of its real part.
_OPPOSED = math.cos(math.pi * _LAMBDA)
_VIEWED_SIDE = 256  # the shorter side is brought near to this, for the viewing distance that the paper assumes
# The two chroma axes of YIQ from R, G and B, with the digits that the authors used.
_I_AXIS = (0.596, -0.274, -0.322)
_Q_AXIS = (0.211, -0.523, 0.312)


def fsim(a: Picture, b: Picture, peak: float | None = None) -> float:
    """FSIM of the brightness of two pictures (gray or RGB): 0 to 1 (equal), no unit; higher is better.

    Section III: the mean of the similarities of phase congruency (T1 = 0.85) times those of gradient size (Scharr,
    T2 = 160), weighted by the larger phase congruency of the two. Brightness is BT.601 luma. The pictures are first
    reduced to the means of blocks of round(shorter side / 256) pixels a side. (The authors' program shifts the blocks
    and lets zeros in at the border where that number exceeds 2 or does not divide the sides; here a part of a block is
    left out.) Samples are brought to the scale 0..255 by `peak`, which is as in `psnr`.

    Raises `InvalidInputError` for shapes that differ, channels other than 1 or 3, sides under 48 pixels.
    """
    return _feature_similarity(a, b, peak, chroma=False)


def fsimc(a: Picture, b: Picture, peak: float | None = None) -> float:
    """FSIMc: FSIM times the similarity of the chroma planes I and Q of YIQ to the power 0.03 (section III).

    0 to 1 (equal), no unit; higher is better. T3 = T4 = 200. Of a negative product of chroma similarities the real
    part of the complex power counts, as in the authors' program. A gray picture has no chroma: its FSIM is returned.
    Raises as `fsim`.
    """
    return _feature_similarity(a, b, peak, chroma=True)


def _feature_similarity(a: Picture, b: Picture, peak: float | None, *, chroma: bool) -> float:
    first, second = same_shape(a, b)
    scale = 255.0 / peak_of(first, second, peak)
    if min(first.shape[:2]) < LONGEST_WAVE:
        raise InvalidInputError(
            f"FSIM needs sides of at least {LONGEST_WAVE} pixels, not {first.shape[1]}x{first.shape[0]}"
        )
    x, y = ([_reduce(plane) for plane in planes(picture, scale)] for picture in (first, second))
    luma_x, luma_y = luma(x), luma(y)
    phase_x, phase_y = phase_congruency(luma_x), phase_congruency(luma_y)
    similar = _alike(phase_x, phase_y, _T1) * _alike(_gradient(luma_x), _gradient(luma_y), _T2)
    if chroma and len(x) == 3:
        product = _alike(_mix(x, _I_AXIS), _mix(y, _I_AXIS), _T3) * _alike(_mix(x, _Q_AXIS), _mix(y, _Q_AXIS), _T4)
        similar = similar * np.abs(product) ** _LAMBDA * np.where(product < 0, _OPPOSED, 1.0)
    weight = np.maximum(phase_x, phase_y)
    # Two flat pictures have no features to weigh by: each pixel counts alike.
    return float(np.average(similar, weights=weight if weight.any() else None))


def _alike(x: Plane, y: Plane, constant: float) -> Plane:
    similar: Plane = (2 * x * y + constant) / (x * x + y * y + constant)
    return similar


def _mix(channels: list[Plane], axis: tuple[float, float, float]) -> Plane:
    mixed: Plane = axis[0] * channels[0] + axis[1] * channels[1] + axis[2] * channels[2]
    return mixed


def _reduce(plane: Plane) -> Plane:
    """Means of blocks so that the shorter side comes near to 256; rows and columns of a part of a block are cut."""
    factor = max(1, round(min(plane.shape) / _VIEWED_SIDE))
    height, width = (side // factor for side in plane.shape)
    blocks = plane[: height * factor, : width * factor].reshape(height, factor, width, factor)
    means: Plane = blocks.mean(axis=(1, 3))
    return means


def _gradient(plane: Plane) -> Plane:
    """The size of the gradient by Scharr's 3x3 operator (weights 3, 10, 3 over 16); the picture ends in zeros."""
    p = np.pad(plane, 1)
    down = 3 * p[:, :-2] + 10 * p[:, 1:-1] + 3 * p[:, 2:]
    right = 3 * p[:-2] + 10 * p[1:-1] + 3 * p[2:]
    size: Plane = np.hypot(down[2:] - down[:-2], right[:, 2:] - right[:, :-2]) / 16
    return size
