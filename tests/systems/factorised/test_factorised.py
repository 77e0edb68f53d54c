"""The factorised system: trained for a moment, exported, and used as a codec; its margin; its rounding in training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

from latentpress.image import Image
from latentpress.systems.factorised.codec import FactorisedCodec
from latentpress.systems.factorised.net import FactorisedNet, Sizes
from latentpress.systems.factorised.training import FactorisedTraining
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.export import export
from latentpress.training.plan import Plan
from latentpress.training.run import train

PLAN = Plan.from_dict(
    {
        "codec": "factorised",
        "model": {"channels": 48, "latents": 40, "anchors": 2, "lambda_low": 0.001, "lambda_high": 0.1},
        "schedule": {"steps": 4, "batch": 2, "crop": 64, "warmup": 4, "hard_from": 0.5},
    }
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Smooth pictures with some edges, as PNG files."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(3):
        rng = np.random.default_rng(seed)
        coarse = rng.normal(128, 60, (6, 8, 3)).repeat(24, 0).repeat(24, 1)
        waves = 20 * np.sin(np.arange(192) / rng.uniform(2, 9))[None, :, None]
        pixels = np.clip(coarse + waves, 0, 255).astype(np.uint8)
        PillowImage.fromarray(pixels).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(scope="module")
def package(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of four steps."""
    folder = tmp_path_factory.mktemp("factorised")
    checkpoint = train(PLAN, pictures, run=folder / "run", threads=1, report=lambda line: None)
    return export(checkpoint, folder / "tiny", name="tiny", data=pictures)


def _picture(folder: Path, number: int) -> Image:
    with PillowImage.open(folder / f"{number}.png") as picture:
        return Image(np.asarray(picture)[:128])


def test_a_model_of_four_steps_codes_like_a_transform_coder(package: Path, pictures: Path) -> None:
    codec = FactorisedCodec(model=str(package), threads=1)
    image = _picture(pictures, 0)
    sizes, errors = [], []
    for quality in (0, 50, 100):
        data = codec.encode(image, quality)
        shown = codec.decode(data).pixels.astype(np.float64)
        sizes.append(len(data))
        errors.append(np.sqrt(np.mean((shown - image.pixels) ** 2)))
    assert sizes[0] < sizes[1] < sizes[2] < image.pixels.nbytes / 10
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 12


def test_nothing_beyond_the_margin_is_seen() -> None:
    torch.manual_seed(0)
    net = FactorisedNet(Sizes(channels=48, latents=8, anchors=2), None)
    mix, far, inside = (
        torch.tensor([[16.0, 0.0]]),
        slice(Sizes.margin, -Sizes.margin),
        slice(2 + Sizes.margin, -2 - Sizes.margin),
    )
    x, values = 255 * torch.rand(1, 3, 192, 192), torch.randn(1, 8, 12, 12).round()
    with torch.inference_mode():
        latents, part = net.analysis(x, mix), net.analysis(x[:, :, 32:-32, 32:-32], mix)
        shown, middle = net.synthesis(values, mix), net.synthesis(values[:, :, 2:-2, 2:-2], mix)
    assert torch.allclose(latents[:, :, inside, inside], part[:, :, far, far], rtol=1e-4, atol=1e-5)
    pixels, beyond = (
        slice(16 * (2 + Sizes.margin), -16 * (2 + Sizes.margin)),
        slice(16 * Sizes.margin, -16 * Sizes.margin),
    )
    assert torch.allclose(shown[:, :, pixels, pixels], middle[:, :, beyond, beyond], rtol=1e-4, atol=1e-2)


def test_bits_in_training_are_those_of_the_codec(package: Path, pictures: Path) -> None:
    """What validation says of the trained network is within a few per cent of the files."""
    training = FactorisedTraining(PLAN)
    net = training.network(None)
    net.load_state_dict(load_checkpoint(package.parent / "run" / "checkpoint.safetensors").average)
    image = _picture(pictures, 1)
    x = torch.from_numpy(image.pixels.transpose(2, 0, 1).copy()).float()[None]
    with torch.inference_mode():
        outcome = training.code(net, x, torch.tensor([16]), None, True)
    data = FactorisedCodec(model=str(package), threads=1).encode(image, 100)
    assert 8 * len(data) == pytest.approx(outcome.bits.item(), rel=0.25)
