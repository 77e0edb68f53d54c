"""The critic learns to tell two kinds of pictures apart; the texture distance is about texture, not about samples."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor
from torch.nn import functional as F

from latentpress.parts.critics import PatchCritic, critic_loss, fooling_loss
from latentpress.parts.texture import texture_distance


def noise(seed: int, strength: float) -> Tensor:
    return 128 + strength * torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


def test_other_texture_of_equal_strength_is_nearer_than_a_blurred_one() -> None:
    original, other = noise(0, 30), noise(1, 30)
    blurred = F.avg_pool2d(original, 3, stride=1, padding=1, count_include_pad=False)
    assert (original - other).square().mean() > (original - blurred).square().mean()
    assert (texture_distance(original, other) < 0.5 * texture_distance(original, blurred)).all()
    assert texture_distance(original, original).tolist() == [0, 0]


def test_half_the_texture_is_a_distance_of_one() -> None:
    assert texture_distance(noise(0, 60), noise(0, 30)) == pytest.approx(torch.ones(2), abs=0.05)


def test_texture_distance_has_gradients_at_flat_pictures() -> None:
    flat = torch.full((1, 3, 64, 64), 128.0, requires_grad=True)
    texture_distance(noise(0, 30)[:1], flat).sum().backward()  # type: ignore[no-untyped-call]
    assert flat.grad is not None
    assert flat.grad.isfinite().all()


def test_critic_learns_and_is_fooled_less() -> None:
    torch.manual_seed(0)
    critic = PatchCritic(latents=4, width=8)
    values = torch.randn(2, 4, 4, 4)
    optimiser = torch.optim.Adam(critic.parameters(), lr=3e-3)
    before = None
    for seed in range(60):
        sharp, soft = noise(seed, 30), noise(seed, 5)
        loss = critic_loss(critic(sharp, values), critic(soft, values))
        before = before or loss.item()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert critic(sharp, values).shape == (2, 1, 8, 8)
    assert loss.item() < 0.8 * before
    assert fooling_loss(critic(soft, values)) > fooling_loss(critic(sharp, values))
