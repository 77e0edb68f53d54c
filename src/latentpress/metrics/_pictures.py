"""What the metrics share about pictures: that two of them can be compared, their peak, their brightness."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import InvalidInputError

__all__ = ["PEAKS", "Picture", "Plane", "luma", "peak_of", "planes", "same_shape"]

Picture = NDArray[Any]  # (H, W) or (H, W, C)
Plane = NDArray[np.float64]

PEAKS = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}

# ITU-R BT.601: the share of R, G and B in luma.
_BT601 = np.array([0.299, 0.587, 0.114])


def same_shape(reference: Picture, distorted: Picture) -> tuple[Picture, Picture]:
    """Both as arrays; `InvalidInputError` if they are empty or their shapes differ."""
    first, second = np.asarray(reference), np.asarray(distorted)
    if first.shape != second.shape or first.size == 0:
        raise InvalidInputError(f"pictures of the shapes {first.shape} and {second.shape} cannot be compared")
    return first, second


def peak_of(reference: Picture, distorted: Picture, peak: float | None) -> float:
    """`peak` if it is given, else the largest value of the samples' type: 255 for uint8, 65535 for uint16.

    Samples of any other type, or of two types, do not tell their peak: `InvalidInputError`. Samples of 10 or 12 bits
    in uint16 have the peaks 1023 and 4095, which must be given.
    """
    if peak is None:
        peak = PEAKS.get(reference.dtype)
        if peak is None or reference.dtype != distorted.dtype:
            raise InvalidInputError(
                f"samples of the types {reference.dtype} and {distorted.dtype} have no peak of their own: "
                "give peak, the largest value that a sample can take"
            )
    if not 0 < peak < np.inf:
        raise InvalidInputError(f"the peak of a picture must be positive, not {peak}")
    return float(peak)


def planes(picture: Picture, scale: float = 1.0) -> list[Plane]:
    """The channels of a picture (H, W) or (H, W, C), each as float64 (H, W) times `scale`."""
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.ndim != 3:
        raise InvalidInputError(f"a picture has the shape (H, W) or (H, W, C), not {picture.shape}")
    return [picture[..., c].astype(np.float64) * scale for c in range(picture.shape[2])]


def luma(channels: list[Plane]) -> Plane:
    """The brightness of one gray channel (itself) or of R, G and B (BT.601: 0.299 R + 0.587 G + 0.114 B), unrounded."""
    if len(channels) == 1:
        return channels[0]
    if len(channels) != 3:
        raise InvalidInputError(f"brightness is defined for gray and RGB pictures, not for {len(channels)} channels")
    red, green, blue = (weight * channel for weight, channel in zip(_BT601, channels, strict=True))
    total: Plane = red + green + blue
    return total
