"""Both transforms of 2x2 squares lose nothing, and networks on top of them begin as a codec that works."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
from torch.nn import functional as F

from latentpress.systems.akyazi.net import Decoder, Encoder, Sizes


@pytest.mark.parametrize("transform", ["haar", "phases"])
def test_bands_lose_nothing_and_begin_with_the_low_one(transform: str) -> None:
    sizes = Sizes(transform=transform, channels=48, latents=24, low=16, anchors=2)
    forward, back = Encoder(sizes).kernel, Decoder(sizes).kernel
    picture = torch.randint(0, 256, (1, 3, 8, 12)).float()
    bands = F.conv2d(picture, forward, stride=2)
    assert torch.allclose(F.conv_transpose2d(bands, back, stride=2), picture, atol=1e-3)
    flat = F.conv2d(torch.full((1, 3, 8, 12), 100.0), forward, stride=2)
    assert flat[:, :3].min() > 99
    assert (flat[:, 3:].abs().max() < 1e-3) == (transform == "haar")
