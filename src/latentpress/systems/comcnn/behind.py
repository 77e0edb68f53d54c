"""What codecs inside show of small pictures, for training: JPEG by its files, spiht without writing one."""

from __future__ import annotations

import io

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as PillowImage
from torch import Tensor

from latentpress.codecs.zerotrees import LAYERS, LEVELS, STEP
from latentpress.systems.comcnn.layout import QUALITIES
from latentpress.transforms import ToYcc
from latentpress.transforms.lifting import CDF97, Bands, Pyramid

__all__ = ["BEHIND", "through_jpeg", "through_spiht"]

Float = NDArray[np.float32]
Whole = NDArray[np.int32]

_WHOLE = 4  # spiht's first layers are whole planes down to that of number 8, each of the others one pass of two


def through_jpeg(small: Tensor, qualities: list[int]) -> Tensor:
    """Pictures (B, 3, h, w) as JPEG files of these qualities show them."""
    shown: list[Float] = []
    for picture, quality in zip(_samples(small), qualities, strict=True):
        buffer = io.BytesIO()
        PillowImage.fromarray(picture.transpose(1, 2, 0).copy()).save(buffer, "JPEG", quality=quality)
        shown.append(np.asarray(PillowImage.open(buffer)).transpose(2, 0, 1).astype(np.float32))
    return torch.from_numpy(np.stack(shown))


def through_spiht(small: Tensor, qualities: list[int]) -> Tensor:
    """Pictures (B, 3, h, w), sides multiples of 32, as files of spiht show them, without their bits: what trees have
    told after a pass follows from the coefficients alone.
    """
    count, _, height, width = small.shape
    layers = [1 + round(quality / QUALITIES * (len(LAYERS) - 1)) for quality in qualities]
    planes = np.array([12 - one if one <= _WHOLE else 7 - (one - _WHOLE - 1) // 2 for one in layers], np.int32)
    first = np.array([one > _WHOLE and (one - _WHOLE) % 2 == 1 for one in layers])  # of two passes of a plane
    samples = _samples(small).transpose(1, 0, 2, 3).reshape(3, -1, width).astype(np.float32)
    ycc = ToYcc().forward(samples).reshape(3, count, height, width).transpose(1, 0, 2, 3)
    pyramid = Pyramid(CDF97, LEVELS)
    bands = pyramid.forward(ycc.reshape(-1, height, width) / np.float32(STEP))
    shown = [
        _shown(band, opened, *(np.repeat(one, len(band) // count)[:, None, None] for one in (planes, first)))
        for band, opened in zip(bands, _sets(bands), strict=True)
    ]
    ycc = pyramid.inverse(shown).reshape(count, 3, height, width) * np.float32(STEP)
    rgb = ToYcc().inverse(ycc.transpose(1, 0, 2, 3)).reshape(3, count, height, width).transpose(1, 0, 2, 3)
    return torch.from_numpy(np.clip(np.rint(rgb), 0, 255))


BEHIND = {"jpeg": through_jpeg, "spiht": through_spiht}
"""By the name of the codec inside."""


def _samples(small: Tensor) -> NDArray[np.uint8]:
    return small.round().clamp(0, 255).to(torch.uint8).numpy()


def _shown(band: Float, opened: Whole, plane: Whole, first: NDArray[np.bool_]) -> Float:
    """What is known of a band after planes down to ``plane``; where only its ``first`` pass has been, of what was
    significant before nothing new, and of the rest what the trees had opened before (``opened``: the largest of a
    coefficient's set).
    """
    size = np.abs(np.trunc(band)).astype(np.int32)
    before = first & ((size >> (plane + 1) > 0) | (opened >> (plane + 1) == 0))
    last = plane + before
    known = size >> last << last
    middle = np.floor(np.float32(0.4 * 16) * np.exp2(last.astype(np.float32))) / 16
    found: Float = np.where(known > 0, np.copysign(known + middle, band), 0).astype(np.float32)
    return found


def _sets(bands: Bands) -> Bands:
    """For each coefficient the largest magnitude in the set that it is taken out of: its siblings and all that descend
    from them. Those of the coarse picture are in none, and known from the start.
    """
    found: Bands = []
    below: Whole | None = None
    for number in reversed(range(1, len(bands))):
        size = np.abs(np.trunc(bands[number])).astype(np.int32)
        size = size if below is None else np.maximum(size, below)
        count, height, width = size.shape
        if number == 1:
            below = size.reshape(count // 3, 3, height, width).max(axis=1)
            found.insert(0, below.repeat(3, axis=0))
        else:
            below = size.reshape(count, height // 2, 2, width // 2, 2).max(axis=(2, 4))
            found.insert(0, below.repeat(2, axis=1).repeat(2, axis=2))
    return [np.full(bands[0].shape, 2**30, np.int32), *found]
