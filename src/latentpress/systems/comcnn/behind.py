"""What codecs inside show of small pictures, for training: JPEG by its files, spiht without writing one."""

from __future__ import annotations

import io

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as PillowImage
from torch import Tensor

from latentpress.codecs.told import told
from latentpress.codecs.zerotrees import LAYERS, LEVELS, STEP
from latentpress.systems.comcnn.layout import QUALITIES
from latentpress.transforms import ToYcc
from latentpress.transforms.lifting import CDF97, Pyramid

__all__ = ["BEHIND", "through_jpeg", "through_spiht"]

Float = NDArray[np.float32]


def through_jpeg(small: Tensor, qualities: list[int]) -> Tensor:
    """Pictures (B, 3, h, w) as JPEG files of these qualities show them."""
    shown: list[Float] = []
    for picture, quality in zip(_samples(small), qualities, strict=True):
        buffer = io.BytesIO()
        PillowImage.fromarray(picture.transpose(1, 2, 0).copy()).save(buffer, "JPEG", quality=quality)
        shown.append(np.asarray(PillowImage.open(buffer)).transpose(2, 0, 1).astype(np.float32))
    return torch.from_numpy(np.stack(shown))


def through_spiht(small: Tensor, qualities: list[int]) -> Tensor:
    """Pictures (B, 3, h, w), sides multiples of 32, as files of spiht show them, without their bits."""
    count, _, height, width = small.shape
    layers = [1 + round(quality / QUALITIES * (len(LAYERS) - 1)) for quality in qualities]
    samples = _samples(small).transpose(1, 0, 2, 3).reshape(3, -1, width).astype(np.float32)
    ycc = ToYcc().forward(samples).reshape(3, count, height, width).transpose(1, 0, 2, 3)
    pyramid = Pyramid(CDF97, LEVELS)
    bands = pyramid.forward(ycc.reshape(-1, height, width) / np.float32(STEP))
    shown = told(bands, layers)
    ycc = pyramid.inverse(shown).reshape(count, 3, height, width) * np.float32(STEP)
    rgb = ToYcc().inverse(ycc.transpose(1, 0, 2, 3)).reshape(3, count, height, width).transpose(1, 0, 2, 3)
    return torch.from_numpy(np.clip(np.rint(rgb), 0, 255))


BEHIND = {"jpeg": through_jpeg, "spiht": through_spiht}
"""By the name of the codec inside."""


def _samples(small: Tensor) -> NDArray[np.uint8]:
    return small.round().clamp(0, 255).to(torch.uint8).numpy()
