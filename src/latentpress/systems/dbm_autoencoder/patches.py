"""Luma patches of pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.training.data import Pictures

__all__ = ["collect", "join", "luma_of", "split"]

Pixels = NDArray[np.uint8]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def luma_of(pixels: Pixels) -> Pixels:
    """(H, W) luma (BT.601, whole grey levels) of (H, W, 3) RGB or (H, W, 1) gray."""
    if pixels.shape[2] == 1:
        return pixels[:, :, 0]
    luma: Pixels = np.rint(pixels.astype(np.float32) @ _LUMA).astype(np.uint8)
    return luma


def split(luma: Pixels, side: int) -> Pixels:
    """(patches, side^2) of (H, W), row by row; the right and lower edges are repeated to whole patches."""
    padded = np.pad(luma, [(0, -length % side) for length in luma.shape], mode="edge")
    rows, columns = (length // side for length in padded.shape)
    return padded.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows * columns, side * side)


def join(patches: Pixels, height: int, width: int, side: int) -> Pixels:
    """The inverse of `split`: (height, width)."""
    rows, columns = -(-height // side), -(-width // side)
    whole = patches.reshape(rows, columns, side, side).swapaxes(1, 2).reshape(rows * side, columns * side)
    return np.ascontiguousarray(whole[:height, :width])


def collect(pictures: Pictures, side: int, count: int, seed: int) -> Pixels:
    """(count, side^2) patches, the same number of each picture (one more of some), at random places."""
    rng = np.random.default_rng([seed, side])
    patches = np.empty((count, side * side), np.uint8)
    shares = np.diff(np.linspace(0, count, len(pictures) + 1).astype(int))
    end = 0
    for picture, share in zip(pictures, shares, strict=True):
        luma = luma_of(picture)
        windows = np.lib.stride_tricks.sliding_window_view(luma, (side, side))
        y, x = (rng.integers(0, length, share) for length in windows.shape[:2])
        patches[end : end + share] = windows[y, x].reshape(share, -1)
        end += share
    return patches
