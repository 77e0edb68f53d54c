"""JPEG's colour space (JFIF, ITU-T T.871): full-range Y, Cb, Cr of ITU-R BT.601, in float."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["TO_RGB", "TO_YCC", "to_rgb", "to_ycc"]

TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
TO_RGB = np.array([[1.0, 0.0, 1.402], [1.0, -0.344136, -0.714136], [1.0, 1.772, 0.0]], np.float32)
TO_YCC.flags.writeable = TO_RGB.flags.writeable = False


def to_ycc(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """(H, W, 3) RGB or (H, W, 1) gray of 0..255 as (3, H, W) Y, Cb, Cr, each minus 128."""
    if pixels.shape[2] == 1:
        ycc = np.zeros((3, *pixels.shape[:2]), np.float32)
        ycc[0] = pixels[:, :, 0]
    else:
        flat = np.matmul(pixels.reshape(-1, 3).astype(np.float32), TO_YCC.T)
        ycc = np.ascontiguousarray(flat.T).reshape(3, *pixels.shape[:2])
    ycc[0] -= 128
    return ycc


def to_rgb(ycc: NDArray[np.float32], channels: int = 3) -> NDArray[np.float32]:
    """The inverse: (H, W, channels), not clipped; one channel is Y alone."""
    if channels == 1:
        gray: NDArray[np.float32] = ycc[0][:, :, np.newaxis] + np.float32(128)
        return gray
    flat: NDArray[np.float32] = np.matmul(TO_RGB, ycc.reshape(3, -1))
    flat += 128
    return np.ascontiguousarray(flat.T).reshape(*ycc.shape[1:], 3)
