"""Codecs of mixtures: files as long as the model says, what is read is what was written, errors within their bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from latentpress.codecs import get_codec
from latentpress.codecs.lossless.mixed import MixedModel
from latentpress.codecs.mixtures import GRID, code_values
from latentpress.codecs.ports import Pricing, Reading, Writing
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.parts.integer import set_integer
from latentpress.parts.mixtures import ResidualNet, mixture_bits
from latentpress.systems.bai.codec import BaiModel
from latentpress.systems.bai.net import BaiConfig, BaiNet
from latentpress.systems.l3c.codec import L3cModel
from latentpress.systems.l3c.net import L3cConfig, L3cNet
from latentpress.systems.rc.codec import RcModel, lossy_file, shown

SIDE = 64
Whole = NDArray[np.int64]


def picture() -> Whole:
    """Edges, a slope and noise that all colours share, (3, SIDE, SIDE)."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE]
    gray = 60 + x + 40 * (x + 2 * y > 90) + rng.normal(0, 4, x.shape)
    colours = np.stack([gray + 20, gray, gray - 0.3 * y]) + rng.normal(0, 1.5, (3, SIDE, SIDE))
    return np.clip(np.round(colours), 0, 255).astype(np.int64)


def shaken(net: nn.Module) -> Any:
    """A network in integers, whose heads say something."""
    with torch.no_grad():
        for name, weights in net.named_parameters():
            if "means" in name or "shapes" in name:
                weights.add_(0.01 * torch.randn_like(weights))
    set_integer(net, True)
    return net.eval()


def l3c() -> tuple[MixedModel, Callable[[Any], float]]:
    net = shaken(L3cNet(L3cConfig(width=8, blocks=1, components=2)))

    def run(name: str, **inputs: Any) -> dict[str, Any]:
        if name == "analysis":
            return {f"learned_{s}": one for s, one in enumerate(net.analysis(inputs["x"]))}
        return dict(zip(("y", "features", "z"), net.predictors[int(name[-1])](*inputs.values()), strict=False))

    return made(L3cModel, run, _components=2), lambda x: net(x).sum().item() * x.numel()


def rc() -> tuple[MixedModel, Callable[[Any], float]]:
    net = shaken(ResidualNet(8, 1, 2))

    def bits(x: Any) -> float:
        samples = np.ascontiguousarray(x[0].numpy().transpose(1, 2, 0).astype(np.uint8))
        file = lossy_file(samples, 90)
        lossy = torch.from_numpy(shown(file, (SIDE, SIDE)).transpose(2, 0, 1)[None]).float()
        return float(net.bits(x, lossy).sum()) + 8 * len(file)

    return made(RcModel, lambda name, x: {"y": net(x)}, _components=2, _quality=90), bits


def bai() -> tuple[MixedModel, Callable[[Any], float]]:
    net = shaken(BaiNet(BaiConfig(width=8, blocks=1, components=2)))
    outputs = {"analysis": "y", "prior": "p", "synthesis": "x", "residual": "y"}

    def run(name: str, **inputs: Any) -> dict[str, Any]:
        return {outputs[name]: getattr(net, name)(*inputs.values())}

    return made(BaiModel, run, _components=2, _prior=2), lambda x: sum(net(x)[:2]).item() * x.numel()


def made(kind: type[MixedModel], run: Callable[..., dict[str, Any]], **fields: Any) -> MixedModel:
    """A model whose networks are torch's."""

    def arrays(name: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        with torch.no_grad():
            found = run(name, **{key: torch.from_numpy(value.copy()) for key, value in inputs.items()})
        return {key: value.numpy() for key, value in found.items()}

    model = object.__new__(kind)
    vars(model).update(fields, run=arrays)
    return model


SYSTEMS = pytest.mark.parametrize("system", [l3c, rc, bai])


@SYSTEMS
@pytest.mark.parametrize("max_error", [0, 1, 4])
def test_every_sample_comes_back_within_its_bound(system: Callable[[], Any], max_error: int) -> None:
    torch.manual_seed(1)
    samples, port = picture(), Writing()
    model, _ = system()
    written = model.code(port, samples, samples.shape[1:], max_error)
    stream = port.finish()
    again = Reading(stream)
    found = model.code(again, None, samples.shape[1:], max_error)
    again.finish()
    assert np.array_equal(found, written)
    assert np.abs(found - samples).max() <= max_error
    if max_error:
        exact = Writing(again=False)
        model.code(exact, samples, samples.shape[1:], 0)
        assert len(stream) < len(exact.finish())


@SYSTEMS
def test_files_are_as_long_as_the_network_says(system: Callable[[], Any]) -> None:
    torch.manual_seed(2)
    samples, port = picture(), Writing(again=False)
    model, bits = system()
    model.code(port, samples, samples.shape[1:], 0)
    with torch.no_grad():
        expected = bits(torch.from_numpy(samples[None]).float())
    assert 8 * len(port.finish()) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("bits", [5, 8])
def test_chances_in_whole_numbers_are_those_of_the_distribution(bits: int) -> None:
    rng = np.random.default_rng(bits)
    count, top = 4000, 2**bits
    logits, scales = rng.integers(-40, 40, (3, count)), rng.integers(GRID * -3, GRID * (bits - 2), (3, count))
    means = rng.integers(-GRID, GRID * (top + 1), (3, count))
    parameters = np.stack([logits, means, scales])
    symbols = np.clip(means[0] // GRID + rng.integers(-3, 4, count), 0, top - 1)
    port = Pricing()
    code_values(port, symbols, parameters, 0, 1, bits)
    mixtures = torch.from_numpy(parameters)[None, :, None, :, None].float()
    expected = mixture_bits(mixtures, torch.from_numpy(symbols)[None, None, None].float(), 0.0, bits).sum()
    assert port.total == pytest.approx(expected.item(), rel=2e-3)


def test_what_a_mixture_finds_impossible_still_pulls_at_it() -> None:
    mixture = torch.tensor([0.0, 0.0, GRID * -3.0]).reshape(1, 3, 1, 1, 1, 1).requires_grad_()
    bits = mixture_bits(mixture, torch.full((1, 1, 1, 1), 200.0), 0.0, 8)
    bits.sum().backward()  # type: ignore[no-untyped-call]
    assert bits.item() < 19
    assert mixture.grad is not None
    assert mixture.grad[0, 1].item() < 0


def test_a_base_of_another_size_is_damage() -> None:
    file = lossy_file(np.zeros((16, 16, 3), np.uint8), 90)
    with pytest.raises(CorruptFileError, match="another size"):
        shown(file, (16, 8))


@pytest.mark.parametrize("id", ["l3c", "rc", "bai"])
def test_effort_is_refused(id: str) -> None:
    with pytest.raises(InvalidInputError, match="no setting 'effort'"):
        get_codec(id, effort=2)
    with pytest.raises(InvalidInputError, match="no effort to choose"):
        type(get_codec(id))(effort=2)  # type: ignore[call-arg]
