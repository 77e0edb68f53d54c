"""Samples of a picture as the planes that the networks work on, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.image import Samples

__all__ = ["from_planes", "to_planes"]

_GREY_LEVELS = 255  # the networks' unit is a grey level of 8 bits, whatever the depth of the picture


def to_planes(pixels: Samples, stride: int, peak: int = _GREY_LEVELS) -> NDArray[np.float32]:
    """(H, W, 1 or 3) samples 0..peak to (1, 3, H', W') grey levels 0..255: gray becomes three equal planes, sides grow
    to multiples of ``stride``.
    """
    height, width, channels = pixels.shape
    planes = np.broadcast_to(pixels, (height, width, 3)) if channels == 1 else pixels
    if height % stride or width % stride:
        planes = np.pad(planes, ((0, -height % stride), (0, -width % stride), (0, 0)), mode="edge")
    grey = np.ascontiguousarray(planes.transpose(2, 0, 1)[None], dtype=np.float32)
    return grey if peak == _GREY_LEVELS else grey * np.float32(_GREY_LEVELS / peak)


def from_planes(planes: NDArray[np.float32], channels: int, bit_depth: int) -> Samples:
    """(3, H, W) grey levels 0..255 to (H, W, channels) samples of the depth, rounded. Gray is the mean of the
    planes.
    """
    peak = 2**bit_depth - 1
    if channels == 1:
        planes = planes.mean(axis=0, keepdims=True)
    if peak != _GREY_LEVELS:
        planes = planes * np.float32(peak / _GREY_LEVELS)
    samples: Samples = np.empty((*planes.shape[1:], len(planes)), np.uint8 if bit_depth == 8 else np.uint16)
    for channel, plane in enumerate(planes):
        # NaN cannot come from a finite network on finite values; the clip keeps every other value inside the range.
        raised = np.clip(plane + np.float32(0.5), 0, peak)
        samples[:, :, channel] = raised.astype(samples.dtype)  # cuts off, which is the floor of what is not negative
    return samples
