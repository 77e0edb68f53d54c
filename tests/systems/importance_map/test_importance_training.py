"""The training of `importance-map`: a tiny run through both of its parts, its package, and what the objective says."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from latentpress.codecs.models import Running
from latentpress.codecs.planes import to_planes
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.models import ModelPackage
from latentpress.parts.block_transforms import placeholder_basis
from latentpress.parts.integer import set_integer
from latentpress.parts.rate_table import mix_for_rates
from latentpress.parts.wavelet import pyramid
from latentpress.systems.importance_map.codec import ImportanceCodec
from latentpress.systems.importance_map.coefficients import quantise, shifts_of
from latentpress.systems.importance_map.model import ImportanceModel
from latentpress.systems.importance_map.net import ImportanceNet
from latentpress.systems.importance_map.objective import code, error_weights, plane_bits
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.data import load_pictures
from latentpress.training.exactness import prove_exact
from latentpress.training.export import export, trained_network
from latentpress.training.plan import Plan
from latentpress.training.run import train
from latentpress.transforms import wavelet


def recipe(**schedule: Any) -> Plan:
    model = {
        "latents": 24, "pyramid": 3, "narrow": 16, "wide": 16, "narrow_depth": 1, "wide_depth": 1, "features": 16,
        "context": 8, "signed": 6, "anchors": 3,
    }  # fmt: skip
    usual = {
        "steps": 8, "batch": 2, "crop": 64, "warmup": 2, "klt_pictures": 4, "validate_every": 4, "hard_from": 0.25,
        "transforms_from": 0.5, "mixed_precision": False,
    }  # fmt: skip
    return Plan.from_dict({"codec": "importance-map", "model": model, "schedule": usual | schedule})


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a whole tiny run."""
    target = tmp_path_factory.mktemp("run")
    return train(recipe(), folder, run=target, valid=folder, threads=1, report=lambda line: None)


@pytest.fixture(scope="module")
def tiny_package(run: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    target = tmp_path_factory.mktemp("models") / "tiny"
    return ModelPackage(export(run, target, name="tiny", data=folder))


def test_transforms_learn_only_in_their_part(folder: Path, tmp_path: Path) -> None:
    states = []
    for most in (1, 3, 6):
        path = train(recipe(), folder, run=tmp_path, threads=1, max_steps=most, resume=True, report=lambda line: None)
        states.append(load_checkpoint(path).weights)
    changed = [
        {name.split(".")[0] for name in after if not torch.equal(before[name], after[name])}
        for before, after in itertools.pairwise(states)
    ]
    assert changed[0] == {"importance", "estimate", "context"}
    assert changed[1] == {"importance", "estimate", "context", "analysis", "synthesis"}


def test_a_run_can_begin_with_the_hyperprior(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    """Analysis and synthesis are taken over."""
    path = train(recipe(), folder, run=tmp_path, threads=1, start=checkpoint, max_steps=1, report=lambda line: None)
    donor, own = load_checkpoint(checkpoint).average, load_checkpoint(path).weights
    for name in ("analysis.linear.weight", "synthesis.head.bias", "synthesis.narrow.blocks.0.expand.weight"):
        assert torch.equal(donor[name], own[name]), name


def test_graphs_are_the_network(tiny_package: ModelPackage, run: Path) -> None:
    """The context network bit for bit; the others nearly, some of their weights are rounded."""
    net = trained_network(load_checkpoint(run))[1]
    set_integer(net, True)
    model = ImportanceModel(tiny_package, Running(threads=1))
    rng = np.random.default_rng(0)
    shape = (24, 5, 6)
    known = {
        "levels": (rng.integers(0, 256, shape) / 32).astype(np.float32),
        "signed": (rng.integers(-254, 255, (6, 5, 6)) / 2).astype(np.float32),
        "hints": (rng.integers(0, 30, (2, 5, 6)) / 4).astype(np.float32),
        "band": wavelet.band_maps(5, 6),
    }
    mix = model.mix(21)
    with torch.inference_mode():
        wanted = net.context(*(torch.from_numpy(value)[None] for value in known.values()), torch.from_numpy(mix))
    for one, two in zip(model.context(21, **known), wanted, strict=True):
        assert np.array_equal(one, two[0].numpy())
        assert np.array_equal(one * 16, np.round(one * 16))
    y = rng.normal(0, 3, shape).astype(np.float32)
    with torch.inference_mode():
        pixels = net.synthesis(torch.from_numpy(y)[None], torch.from_numpy(mix)).numpy()
    assert np.abs(model.synthesis(y, 21) - pixels[0]).max() < 2


def test_the_codec_quantises_as_training_does(tiny_package: ModelPackage, run: Path, folder: Path) -> None:
    net = trained_network(load_checkpoint(run))[1]
    set_integer(net, True)
    model = ImportanceModel(tiny_package, Running(threads=1))
    pixels = load_pictures(folder, 64)[1][:128, :128]
    latents = model.analysis(to_planes(pixels, 16), 20)
    found = quantise(model, latents, 20, ROUNDING_WEIGHT)
    x = torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float()[None]
    with torch.inference_mode():
        outcome = code(net, x, torch.tensor([20]))
    assert np.array_equal(found.dropped, outcome.dropped[0, 0].numpy())
    shifts = shifts_of(found.dropped, 24, 3)
    assert np.array_equal(shifts, outcome.shifts[0].numpy())
    symbols = (found.magnitude >> shifts) * found.sign.astype(int)
    assert (symbols == outcome.symbols[0].numpy()).mean() > 0.99


def test_the_plane_estimate_is_what_files_cost(run: Path, tiny_package: ModelPackage, folder: Path) -> None:
    """The mean over draws is near the true size, which has no random planes."""
    net = trained_network(load_checkpoint(run))[1]
    set_integer(net, True)
    pixels = load_pictures(folder, 64)[1][:128, :128]
    x = torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float()[None]
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        outcome = code(net, x, torch.tensor([24]))
        draws = [plane_bits(net, outcome, torch.tensor([24]), generator).item() for _ in range(600)]
    codec = ImportanceCodec(model=str(tiny_package.folder), threads=1)
    bits = 8 * len(codec.encode(Image(pixels), 75))
    assert bits * 0.7 < np.mean(draws) < bits * 1.5


def test_weights_of_errors_foresee_the_error(run: Path, folder: Path) -> None:
    net = trained_network(load_checkpoint(run))[1]
    pixels = load_pictures(folder, 64)[2][:128, :128]
    x = torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float()[None]
    weights = error_weights(net, x)
    rates = torch.tensor([16])
    with torch.no_grad():
        foreseen = code(net, x, rates, weights=weights).mse.item()
        mix = mix_for_rates(rates, 3)
        unquantised = (net.synthesis(net.analysis(x, mix), mix) - x).square().mean().item()
        true = code(net, x, rates).mse.item() - unquantised
    assert true / 2 < foreseen < true * 2


def test_importance_gets_a_gradient_from_both_sides() -> None:
    """Rate pulls planes off, error pulls them back."""
    torch.manual_seed(0)
    net = ImportanceNet(recipe().model, placeholder_basis(24))
    weights = torch.ones(3, 24)
    x = 128 + 40 * torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        net.analysis.linear.weight.normal_(0, 0.5)
    slopes = []
    for what in ("bits", "mse"):
        net.zero_grad()
        outcome = code(net, x, torch.tensor([24]), weights=weights, generator=torch.Generator().manual_seed(0))
        getattr(outcome, what).sum().backward()
        assert net.importance.head.bias.grad is not None
        slopes.append(net.importance.head.bias.grad.item())
    assert slopes[0] < 0 < slopes[1]


def test_the_pyramid_is_the_wavelet() -> None:
    maps = np.random.default_rng(0).normal(size=(5, 7, 12)).astype(np.float32)
    out = pyramid(torch.from_numpy(maps)[None], 3)
    assert np.allclose(out[0, :3].numpy(), wavelet.forward(maps[:3]), atol=1e-4)
    assert np.array_equal(out[0, 3:].numpy(), maps[3:])
    assert np.allclose(pyramid(out, 3, back=True)[0].numpy(), maps, atol=1e-4)


def test_weights_that_are_too_big_are_refused() -> None:
    net = ImportanceNet(recipe().model, placeholder_basis(24))
    assert max(prove_exact(net).values()) < 2**24
    net.context.offset.table.data.fill_(1e6)
    with pytest.raises(InvalidInputError, match="offset is not exact"):
        prove_exact(net)
    net.context.offset.table.data.fill_(float("nan"))
    with pytest.raises(InvalidInputError, match="not finite"):
        prove_exact(net)
