"""Layers that start as a block transform: orthonormal, in order of variance, and of the size that was foretold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from latentpress.parts.block_start import block_covariance, start_as_blocks
from latentpress.transforms import fit_klt

PICTURES = [np.random.default_rng(s).integers(0, 256, (40, 40, 3)).repeat(4, 0).repeat(4, 1) for s in range(3)]
PICTURES = [p.astype(np.uint8) for p in PICTURES]


def _layers(latents: int) -> tuple[list[nn.Conv2d], list[nn.ConvTranspose2d]]:
    down, up = [], []
    for inputs, outputs, kernel, stride, pad in ((3, 50, 9, 4, 3), (50, 192, 5, 2, 2), (192, latents, 5, 2, 2)):
        down.append(nn.Conv2d(inputs, outputs, kernel, stride, pad))
        up.append(nn.ConvTranspose2d(outputs, inputs, kernel, stride, pad, output_padding=1))
    return down, up


@pytest.mark.parametrize("latents", [768, 30])
def test_the_way_back_undoes_what_is_kept(latents: int) -> None:
    basis = fit_klt(PICTURES, 768)
    down, up = _layers(latents)
    deviations = start_as_blocks(down, up, block_covariance(basis, 32.0))

    x = (torch.from_numpy(np.stack(PICTURES).transpose(0, 3, 1, 2)).float() - 128) / 32
    with torch.inference_mode():
        y = nn.Sequential(*down)(x)
        back = nn.Sequential(*reversed(up))(y)
    assert y.square().mean(dim=(0, 2, 3)).sqrt().numpy() == pytest.approx(deviations, rel=0.02, abs=1e-3)
    assert (np.diff(deviations) <= 1e-9).all()
    lost = 768 * (back - x).square().mean().item()
    assert lost == pytest.approx((basis.deviations[latents:] ** 2).sum() / 32**2, rel=0.05, abs=1e-3)
    if latents == 768:
        assert torch.allclose(back, x, atol=1e-3)
