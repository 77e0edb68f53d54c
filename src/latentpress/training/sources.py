"""Where the crops of a step come from: pictures in main memory, or all of them in the memory of the GPU.

Both draw what the seed and the step say, on the host, and both take pictures in proportion to the square root of their
area and refuse flat places most of the time (`data.sample_crops`). They differ in the order of their draws, so runs on
either are not the same runs.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from latentpress.training.data import TRIES, Pictures, picture_chances, sample_crops

__all__ = ["CropSource", "DeviceCrops", "HostCrops", "crop_source"]

_LUCK = 2**30


class CropSource(Protocol):
    """Random crops in two parts: what the host draws, and the crops that the device makes of it."""

    def draw(self, count: int, size: int, rng: np.random.Generator) -> Tensor:
        """What ``count`` crops of ``size`` x ``size`` pixels are made of; in host memory, the same shape each time."""

    def crops(self, drawn: Tensor, size: int) -> Tensor:
        """The crops as (count, channels, size, size) float32 in grey levels; ``drawn`` is on the device."""


def crop_source(pictures: Pictures, device: str, upright: bool = False) -> CropSource:
    """The source for a device: pictures go into the memory of a GPU if they take no more than half of what is free
    there, and stay where they are for the CPU. ``upright``: crops are not turned (`data.sample_crops`).
    """
    if torch.device(device).type != "cuda":
        return HostCrops(pictures, upright)
    room = torch.cuda.mem_get_info(device)[0] // 2
    fits = sum(p.nbytes for p in pictures) <= room
    return DeviceCrops(pictures, device, upright) if fits else HostCrops(pictures, upright)


class HostCrops:
    """Crops cut on the host, which go to the device in each step."""

    def __init__(self, pictures: Pictures, upright: bool = False) -> None:
        self._pictures, self._upright = pictures, upright

    def draw(self, count: int, size: int, rng: np.random.Generator) -> Tensor:
        """The crops as (count, channels, size, size) uint8."""
        return torch.from_numpy(sample_crops(self._pictures, count, size, rng, self._upright))

    def crops(self, drawn: Tensor, size: int) -> Tensor:
        """The same in float32."""
        return drawn.to(torch.float32)


class DeviceCrops:
    """All pictures as one row of pixels on the device, and crops cut there by index arithmetic.

    Only places go over in a step, a few numbers a crop; nothing waits for a result. Pictures may differ in size.
    """

    def __init__(self, pictures: Pictures, device: str, upright: bool = False) -> None:
        self._upright = upright
        self._chances = picture_chances(pictures)
        self._sides = np.array([p.shape[:2] for p in pictures], np.int64)
        areas = self._sides.prod(axis=1)
        self._starts = np.cumsum(areas) - areas
        self._channels = pictures[0].shape[2]
        pixels = np.concatenate([p.reshape(-1, self._channels) for p in pictures])
        self._pixels = torch.from_numpy(pixels).to(device)

    def draw(self, count: int, size: int, rng: np.random.Generator) -> Tensor:
        """(count, 3 * tries + 3) int64: for each try the crop's first pixel, the picture's width and a number below
        2^30 that decides whether a flat place is kept; then whether to turn, to flip rows, to flip columns.
        """
        tries = (count, TRIES)
        picks = np.minimum(np.searchsorted(self._chances, rng.random(tries)), len(self._sides) - 1)
        height, width = np.moveaxis(self._sides[picks], -1, 0)
        top = rng.integers(0, height - size + 1)
        left = rng.integers(0, width - size + 1)
        start = self._starts[picks] + top * width + left
        luck = rng.integers(0, _LUCK, tries)
        flips = rng.integers(0, 2, (count, 3))
        if self._upright:
            flips[:, :2] = 0
        places = np.concatenate([start, width, luck, flips], axis=1)
        return torch.from_numpy(places)

    def crops(self, drawn: Tensor, size: int) -> Tensor:
        """Crops of the places, channels last in memory."""
        start, width, luck = (drawn[:, i * TRIES : (i + 1) * TRIES] for i in range(3))
        chosen_start, chosen_width = start[:, -1], width[:, -1]
        keep = luck[:, :-1] < self._texture(start, width, size) * _LUCK
        for attempt in reversed(range(TRIES - 1)):  # the first place that is kept
            chosen_start = torch.where(keep[:, attempt], start[:, attempt], chosen_start)
            chosen_width = torch.where(keep[:, attempt], width[:, attempt], chosen_width)

        turn, flip_rows, flip_columns = (drawn[:, 3 * TRIES + i, None] == 1 for i in range(3))
        along = torch.arange(size, device=drawn.device)[None]
        rows = torch.where(flip_rows, size - 1 - along, along)[:, :, None]
        columns = torch.where(flip_columns, size - 1 - along, along)[:, None, :]
        stride = chosen_width[:, None, None]
        inside = torch.where(turn[:, :, None], columns * stride + rows, rows * stride + columns)
        places = (chosen_start[:, None, None] + inside).flatten()
        crops = self._pixels.index_select(0, places).view(-1, size, size, self._channels)
        return crops.permute(0, 3, 1, 2).to(torch.float32)

    def _texture(self, start: Tensor, width: Tensor, size: int) -> Tensor:
        """Chance to keep each place but the last, as `data.texture`."""
        start, width = start[:, :-1, None, None], width[:, :-1, None, None]
        along = torch.arange(0, size, 2, device=start.device)
        places = start + along[:, None] * width + along
        green = torch.take(self._pixels, places * self._channels + 1).to(torch.float32)
        step = green.diff(dim=-1).abs().mean(dim=(-2, -1)) + green.diff(dim=-2).abs().mean(dim=(-2, -1))
        return 0.1 + (step / 10).clamp(max=0.9)
