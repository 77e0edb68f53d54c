"""JPEG's colour space (JFIF, ITU-T T.871): full-range Y, Cb, Cr of ITU-R BT.601, in float, and coarser chroma."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["TO_RGB", "TO_YCC", "Subsample", "ToYcc", "to_rgb", "to_ycc"]

Float = NDArray[np.float32]

TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
TO_RGB = np.array([[1.0, 0.0, 1.402], [1.0, -0.344136, -0.714136], [1.0, 1.772, 0.0]], np.float32)
TO_YCC.flags.writeable = TO_RGB.flags.writeable = False


class ToYcc:
    """Stage: planes R, G, B (3, H, W) of 0..255 to Y - 128, Cb - 128 and Cr - 128: JPEG's planes, level shift included.

    The standard prints its factors with six digits, so the inverse is right to 0.001 grey levels.
    """

    def forward(self, planes: Float) -> Float:
        """RGB to YCbCr."""
        ycc: Float = np.matmul(TO_YCC, planes.reshape(3, -1)).reshape(planes.shape)
        ycc[0] -= 128
        return ycc

    def inverse(self, ycc: Float | Sequence[Float]) -> Float:
        """YCbCr to RGB, not clipped."""
        planes = np.asarray(ycc)
        rgb: Float = np.matmul(TO_RGB, planes.reshape(3, -1)).reshape(planes.shape)
        rgb += 128
        return rgb


@dataclass(frozen=True)
class Subsample:
    """Stage: planes (C, H, W) to a list of them whose chroma (all but the first) are means of ``down`` x ``across``
    samples: 2 x 2 is 4:2:0, 1 x 2 is 4:2:2.

    H and W are multiples of both. The inverse repeats samples, so what the means lost is gone: it undoes `forward` for
    chroma that is constant in each rectangle, and luma is never touched.
    """

    down: int = 2
    across: int = 2

    def forward(self, planes: Float) -> list[Float]:
        """The planes, chroma averaged."""
        channels, height, width = planes.shape
        parts = planes.reshape(channels, height // self.down, self.down, width // self.across, self.across)
        return [planes[0], *parts[1:].mean(axis=(2, 4))]

    def inverse(self, planes: Sequence[Float]) -> Float:
        """The planes as one array, chroma repeated."""
        return np.stack([planes[0], *(plane.repeat(self.down, 0).repeat(self.across, 1) for plane in planes[1:])])


def to_ycc(pixels: NDArray[Any]) -> Float:
    """(H, W, 3) RGB or (H, W, 1) gray of 0..255 as (3, H, W) Y, Cb, Cr, each minus 128; gray has chroma 0."""
    if pixels.shape[2] == 3:
        return ToYcc().forward(pixels.transpose(2, 0, 1).astype(np.float32))
    ycc = np.zeros((3, *pixels.shape[:2]), np.float32)
    ycc[0] = pixels[:, :, 0].astype(np.float32) - 128
    return ycc


def to_rgb(ycc: Float, channels: int = 3) -> Float:
    """The inverse: (H, W, channels), not clipped; one channel is Y alone."""
    planes = ycc[:1] + np.float32(128) if channels == 1 else ToYcc().inverse(ycc)
    return np.ascontiguousarray(planes.transpose(1, 2, 0))
