"""Compressed activations take a fraction of the bytes, and gradients stay what they were, but for a little noise."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch.nn import functional as F

from latentpress.training.activations import Saved, compressed_activations
from latentpress.training.plan import load_plan
from latentpress.training.run import train

TINY = Path(__file__).parents[1] / "systems" / "tiny" / "hyperprior.toml"


def smooth(*shape: int) -> torch.Tensor:
    """Maps as networks of pictures have them: neighbours alike."""
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    return F.avg_pool2d(F.pad(noise, (4, 4, 4, 4), mode="reflect"), 9, 1)


class Small(nn.Module):
    """Two layers with a rectifier between them; odd sides."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 160, 3, padding=1), nn.Conv2d(160, 3, 3, padding=1)  # many weights

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.first.weight.view(160, 3, 3, 3)  # as layers of patches do
        return self.second(F.leaky_relu(F.conv2d(x, first, self.first.bias, padding=1), 0.1))


def gradients(net: nn.Module, x: torch.Tensor, how: str) -> tuple[torch.Tensor, dict[str, torch.Tensor], Saved]:
    """Of the input and of the weights, and what was saved."""
    net, x = copy.deepcopy(net), x.clone().requires_grad_(True)
    with compressed_activations(how, net.parameters()) as saved:
        made = net(x)
    made.backward(smooth(*x.shape))
    assert x.grad is not None
    return x.grad, {name: one.grad for name, one in net.named_parameters() if one.grad is not None}, saved


@pytest.mark.parametrize("how", ["divided", "shifted"])
def test_gradients_of_a_network(how: str) -> None:
    net, x = Small(), smooth(2, 3, 45, 39)
    into, weights, saved = gradients(net, x, how)
    exact_into, exact, whole = gradients(net, x, "whole")
    assert torch.equal(into, exact_into)  # signs and weights are kept as they are
    for name, one in weights.items():
        assert (one - exact[name]).norm() < 0.05 * exact[name].norm()
    assert any(not torch.equal(one, exact[name]) for name, one in weights.items())
    assert saved.ratio > 6
    assert saved.all < whole.all / 4


def test_what_is_not_linear_stays_exact() -> None:
    """Sides are kept in bits, what exponentials and squares save as it is; slopes at the bounds are torch's."""
    x = torch.cat([smooth(2, 3, 40, 40) * 20, torch.arange(-2, 2.0).expand(2, 3, 40, 4)], dim=3)

    def made(one: torch.Tensor) -> torch.Tensor:
        sides = one.clamp(-1, 1) + one.clamp(min=0.0) + one.clamp_max(1) + one.abs() + F.relu(one) + torch.clamp(one, 0)
        return sides + one.exp().log1p().square()

    found = []
    for how in ("whole", "divided"):
        one = x.clone().requires_grad_(True)
        with compressed_activations(how, []) as saved:
            whole = made(one)
        whole.backward(smooth(*x.shape))
        found.append((whole.detach(), one.grad, saved))
    (value, slope, _), (same, close, saved) = found
    assert torch.equal(value, same)
    assert slope is not None
    assert close is not None
    assert torch.allclose(slope, close, rtol=1e-6)
    assert saved.maps == 6 * x.numel() * 4
    assert saved.ratio == pytest.approx(32 * 6 / 7)  # a bit for each value, of magnitudes two


def test_weights_in_another_precision_are_no_maps() -> None:
    net, x = nn.Conv2d(64, 64, 8), smooth(2, 64, 24, 24)
    with torch.autocast("cpu", torch.bfloat16), compressed_activations("divided", net.parameters()) as saved:
        net(x)
    assert saved.maps == 2 * x.numel()
    assert saved.others == 2 * net.weight.numel()


def test_a_run_of_training_ends_where_it_would(folder: Path, tmp_path: Path) -> None:
    plan = load_plan(TINY)
    losses = []
    for how in ("whole", "divided"):
        schedule = replace(plan.schedule, activations=how, steps=12, crop=128)  # maps of 16x16
        run = train(replace(plan, schedule=schedule), folder, run=tmp_path / how, valid=folder, threads=1, report=print)
        rows = (run.parent / "log.csv").read_text().splitlines()
        column = rows[0].split(",").index("loss")
        losses.append([float(row.split(",")[column]) for row in rows[1:] if ",valid," in row][-1])
    assert losses[0] != losses[1]
    assert abs(losses[1] - losses[0]) < 0.01 * abs(losses[0])
