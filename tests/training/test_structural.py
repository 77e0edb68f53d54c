"""The differentiable MS-SSIM is the one that results are measured with."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentpress import metrics
from latentpress.training.structural import SMALLEST_SIDE, ms_ssim


def _pictures(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(5)
    smooth = np.cumsum(np.cumsum(rng.normal(0, 0.4, (2, 3, height, width)), axis=2), axis=3)
    first = np.clip(128 + smooth, 0, 255).round()
    second = np.clip(first * 0.9 + rng.normal(0, 9, first.shape), 0, 255).round()
    return torch.from_numpy(first).float(), torch.from_numpy(second).float()


@pytest.mark.parametrize("size", [(192, 192), (176, 240)])
def test_equals_the_metric(size: tuple[int, int]) -> None:
    a, b = _pictures(*size)
    found = ms_ssim(a, b)
    for i in range(2):
        x, y = (t[i].numpy().transpose(1, 2, 0).astype(np.uint8) for t in (a, b))
        assert found[i].item() == pytest.approx(metrics.ms_ssim(x, y), abs=2e-5)


def test_descending_it_makes_pictures_alike() -> None:
    a, b = _pictures(192, 192)
    b.requires_grad_()
    before = ms_ssim(a, b)
    (1 - before).sum().backward()
    assert b.grad is not None
    assert torch.isfinite(b.grad).all()
    with torch.no_grad():
        after = ms_ssim(a, b - b.grad * (4.0 / b.grad.abs().mean()))
    assert (after > before).all()


def test_opposite_pictures_have_a_finite_slope() -> None:
    a, _ = _pictures(192, 192)
    b = (255 - a).requires_grad_()
    ms_ssim(a, b).sum().backward()
    assert b.grad is not None
    assert torch.isfinite(b.grad).all()


def test_smallest_side() -> None:
    assert SMALLEST_SIDE == 161
