"""The training objective counts what the codec will write, and weighs all rates alike."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from latentpress.codecs.mean_scale.model import MeanScaleModel
from latentpress.codecs.models import Running
from latentpress.codecs.ports import Writing
from latentpress.models import ModelPackage
from latentpress.parts.integer import set_integer
from latentpress.parts.mean_scale import MeanScaleNet
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.export import trained_network
from latentpress.training.latent import Outcome, log_loss
from latentpress.training.mean_scale.objective import code


@pytest.fixture(scope="module")
def model(package: ModelPackage) -> MeanScaleModel:
    return MeanScaleModel(package, Running(threads=1))


@pytest.fixture(scope="module")
def net(checkpoint: Path) -> MeanScaleNet:
    net = trained_network(load_checkpoint(checkpoint))[1]
    set_integer(net, True)
    return net.requires_grad_(False)


@pytest.fixture(scope="module")
def pixels(folder: Path) -> np.ndarray:
    """A picture, 128 x 128."""
    with Image.open(folder / "1.png") as picture:
        return np.asarray(picture)[:128, :128]


def noise_of(x: torch.Tensor, net: MeanScaleNet) -> tuple[torch.Tensor, torch.Tensor]:
    """Of hyper latents and latents."""
    generator, (count, _, height, width) = torch.Generator().manual_seed(0), x.shape
    shapes = ((net.config.hyper_latents, 64), (net.config.latents, 16))
    hyper, latents = (torch.rand(count, c, height // s, width // s, generator=generator) for c, s in shapes)
    return hyper, latents


@pytest.mark.parametrize("rate", [0, 8, 16, 25, 32])
def test_estimate_is_what_the_codec_writes(
    net: MeanScaleNet, model: MeanScaleModel, pixels: np.ndarray, rate: int
) -> None:
    """Same latents, same choices, same contexts on both sides; what remains is the difference between a logistic of
    trained scale (the estimate) and the measured tables (the file). A net this young is a poor judge of its scales, so
    the measured tables save some per cent over it; after a real run the two agree to about one.
    """
    x = torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32))[None]
    outcome = code(net, x, torch.tensor([rate]), hard=True)
    estimate = outcome.bits.item() / 8
    port = Writing()
    values = model.code_picture(port, pixels, rate).values
    assert len(port.finish()) == pytest.approx(estimate, rel=0.10, abs=12)
    restored = model.synthesis(values, rate)
    mine, theirs = (float(np.mean((p - x.numpy()) ** 2)) for p in (outcome.picture.numpy(), restored))
    assert mine == pytest.approx(theirs, rel=0.05)


def test_every_rate_weighs_the_same() -> None:
    """One per cent of a picture's cost moves the loss alike, whether the cost is 0.01 or 3 bits a pixel."""
    bits = torch.tensor([40.0, 700.0, 12_000.0], requires_grad=True)
    original = torch.full((3, 3, 64, 64), 100.0)
    outcome = Outcome(bits, original)
    log_loss(outcome, original, torch.tensor([0.001, 0.02, 0.4])).backward()
    share = (bits.grad * bits).detach()
    assert torch.allclose(share, torch.full((3,), 1 / (3 * math.log(2))))


def test_loss_is_the_logarithm_of_rate_plus_weighted_error() -> None:
    original = torch.full((2, 3, 64, 64), 100.0)
    picture = original + torch.tensor([2.0, 5.0])[:, None, None, None]
    outcome = Outcome(torch.tensor([4505.6, 8192.0]), picture)
    lambdas = torch.tensor([0.1, 0.02])
    assert outcome.bpp().tolist() == pytest.approx([1.1, 2.0])
    assert outcome.mse(original).tolist() == pytest.approx([4.0, 25.0])
    expected = (math.log2(1.1 + 0.1 * 4) + math.log2(2.0 + 0.02 * 25)) / 2
    assert log_loss(outcome, original, lambdas).item() == pytest.approx(expected)


def test_both_is_half_of_each() -> None:
    original = 255 * torch.rand(1, 1, 176, 176, generator=torch.Generator().manual_seed(0))
    picture = original + torch.linspace(-40, 40, 176)
    outcome, lambdas = Outcome(torch.zeros(1), picture), torch.ones(1)
    one, other, both = (2 ** log_loss(outcome, original, lambdas, kind).item() for kind in ("mse", "ms-ssim", "both"))
    assert one != pytest.approx(other, rel=0.1)
    assert both == pytest.approx((one + other) / 2)


def test_noise_estimate_is_close_to_the_rounded_one(net: MeanScaleNet, pixels: np.ndarray) -> None:
    """Early training measures rates with noise in place of rounding: differentiable, and near the truth."""
    x = torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32))[None]
    rates = torch.tensor([32])
    soft = code(net, x, rates, hard=False, noise=noise_of(x, net))
    hard = code(net, x, rates, hard=True, rounding_weight=math.inf)
    assert soft.bpp().item() == pytest.approx(hard.bpp().item(), rel=0.15)


def test_rounding_with_the_rate_in_mind_saves_bits(net: MeanScaleNet, pixels: np.ndarray) -> None:
    x = torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32))[None]
    plain, keen = (code(net, x, torch.tensor([16]), hard=True, rounding_weight=w) for w in (math.inf, 8.0))
    assert keen.bits.item() < plain.bits.item()
    assert keen.mse(x).item() > plain.mse(x).item()


def test_every_weight_learns(checkpoint: Path, pixels: np.ndarray) -> None:
    """Gradients reach all parameters, through rounding and on the integer path too."""
    x = torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32))[None].repeat(3, 1, 1, 1)
    rates = torch.tensor([0, 16, 32])
    for hard in (False, True):
        learner = trained_network(load_checkpoint(checkpoint))[1]
        learner.hyper_analysis.head.bias.data.fill_(2.0)  # so young a net rounds its hyper latents to 0: no gradient
        set_integer(learner, hard)
        outcome = code(learner, x, rates, hard=hard, noise=noise_of(x, learner))
        log_loss(outcome, x, learner.config.lambdas(rates)).backward()
        for name, parameter in learner.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name
