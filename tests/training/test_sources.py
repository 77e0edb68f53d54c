"""Crops on a device: the pixels of the pictures, drawn by seed and step alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from latentpress.training.data import TRIES, load_pictures, step_generator
from latentpress.training.sources import DeviceCrops, HostCrops, crop_source


def test_places_become_the_pixels_that_slicing_gives() -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in ((70, 90), (128, 64), (64, 64))]
    source = DeviceCrops(pictures, "cpu")
    flat = np.concatenate([p.reshape(-1, 3) for p in pictures])
    drawn = source.draw(40, 64, rng)
    crops = source.crops(drawn, 64)
    assert crops.shape == (40, 3, 64, 64)
    assert crops.dtype == torch.float32
    assert crops.is_contiguous(memory_format=torch.channels_last)
    for place, crop in zip(drawn.numpy(), crops.numpy(), strict=True):
        start, width, turn, rows, columns = place[0], place[TRIES], *place[3 * TRIES :]  # noise: the first is kept
        wanted = np.stack([flat[start + y * width : start + y * width + 64] for y in range(64)])
        wanted = np.swapaxes(wanted, 0, 1) if turn else wanted
        wanted = wanted[:: -1 if rows else 1, :: -1 if columns else 1]
        assert np.array_equal(crop, wanted.transpose(2, 0, 1))


def test_every_picture_place_and_turn_comes_up() -> None:
    rng = np.random.default_rng(1)
    pictures = [np.full((66, 65, 3), value, np.uint8) for value in (10, 200)]
    pictures[0][:, -1] = 11
    drawn = DeviceCrops(pictures, "cpu").draw(400, 64, rng)
    starts = drawn[:, :TRIES].flatten().unique()
    assert starts.tolist() == sorted(p * 66 * 65 + y * 65 + x for p in (0, 1) for y in range(3) for x in range(2))
    assert all(0.35 < drawn[:, 3 * TRIES + i].float().mean() < 0.65 for i in range(3))
    upright = DeviceCrops(pictures, "cpu", upright=True).draw(400, 64, np.random.default_rng(1))
    assert torch.equal(upright[:, -1], drawn[:, -1])
    assert not upright[:, -3:-1].any()


def test_flat_places_are_drawn_less() -> None:
    rng = np.random.default_rng(0)
    flat = np.full((128, 128, 3), 90, np.uint8)
    busy = rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)
    source = DeviceCrops([flat, busy], "cpu")
    crops = source.crops(source.draw(300, 64, rng), 64)
    share = (crops.std(dim=(1, 2, 3)) < 1).float().mean()
    assert 0.02 < share < 0.35


def test_draws_depend_on_seed_and_step_alone(folder: Path) -> None:
    source = DeviceCrops(load_pictures(folder, 64), "cpu")
    one = source.draw(3, 64, step_generator(5, 7))
    assert torch.equal(one, source.draw(3, 64, step_generator(5, 7)))
    assert not torch.equal(one, source.draw(3, 64, step_generator(5, 8)))


def test_pictures_stay_on_the_host_for_the_cpu(folder: Path) -> None:
    assert isinstance(crop_source(load_pictures(folder, 64), "cpu"), HostCrops)
