"""From checkpoint to package: the stored graphs compute what the modules compute, and the card says what is true."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from latentpress.codecs.mean_scale.layout import HYPER_LIMIT
from latentpress.engine import Network, OnnxNetwork, TorchNetwork
from latentpress.errors import InvalidInputError
from latentpress.models import ModelPackage, package_digest
from latentpress.parts.integer import FEATURE_BITS, LIMIT, IntegerConv2d, set_integer
from latentpress.parts.mean_scale import MeanScaleNet
from latentpress.parts.rate_table import mix_for_rates
from latentpress.training.checkpoint import load_checkpoint, save_checkpoint
from latentpress.training.complexity import count_macs, macs_per_pixel
from latentpress.training.exactness import prove_exact
from latentpress.training.export import export, rounded, stored_graphs, trained_network
from latentpress.training.plan import Plan
from latentpress.training.system import Training

CONTEXTS = ("context", "context_3", "context_4")
NETWORKS = ("analysis", "hyper_analysis", "hyper_synthesis", *CONTEXTS, "synthesis")
ENGINES = ("onnx", "torch float32", "torch float64")


@pytest.fixture(scope="module")
def training(checkpoint: Path) -> Training:
    return trained_network(load_checkpoint(checkpoint))[0]


@pytest.fixture(scope="module")
def net(checkpoint: Path) -> MeanScaleNet:
    """The tiny network with noise on every weight, so that no layer is near zero, rounded as an export rounds it, on
    the integer path.
    """
    net = trained_network(load_checkpoint(checkpoint))[1]
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.2 * parameter.std().clamp(0.1, 1.0))
    rounded(net)
    set_integer(net, True)
    return net.requires_grad_(False)


@pytest.fixture(scope="module")
def graphs(training: Training, net: MeanScaleNet) -> dict[str, bytes]:
    return stored_graphs(training, net)


def engine(kind: str, graph: bytes) -> Network:
    return OnnxNetwork(graph, threads=1) if kind == "onnx" else TorchNetwork(graph, dtype=kind.split()[1])


def mix(net: MeanScaleNet, rate: int) -> torch.Tensor:
    return mix_for_rates(torch.tensor([rate]), net.config.anchors)


def test_every_network_is_exported(graphs: dict[str, bytes]) -> None:
    assert set(graphs) == set(NETWORKS)


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("rate", [0, 5, 16, 32])
def test_hyper_synthesis_is_the_module_bit_for_bit(
    net: MeanScaleNet, graphs: dict[str, bytes], kind: str, rate: int
) -> None:
    rng = np.random.default_rng(rate)
    hyper = rng.integers(-HYPER_LIMIT, HYPER_LIMIT + 1, (1, net.config.hyper_latents, 3, 5)).astype(np.float32)
    expected = net.hyper_synthesis(torch.from_numpy(hyper), mix(net, rate))
    found = engine(kind, graphs["hyper_synthesis"])(hyper=hyper, mix=mix(net, rate).numpy())
    for name, value in zip(("features", "mean", "index"), expected, strict=True):
        assert np.array_equal(found[name], value.numpy())
        assert np.array_equal(found[name] * 32, np.floor(found[name] * 32))  # on the grid
        assert found[name].std() > 0


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("reach", [3, 300, 40000])
def test_context_is_the_module_bit_for_bit(net: MeanScaleNet, graphs: dict[str, bytes], kind: str, reach: int) -> None:
    """Values up to and beyond those that the network clamps, in units of 1/16 step."""
    rng = np.random.default_rng(reach)
    features = (rng.integers(0, 256, (1, net.config.features, 6, 7)) / 2.0**FEATURE_BITS).astype(np.float32)
    values = (rng.integers(-reach, reach + 1, (1, net.config.latents, 6, 7)) / 16).astype(np.float32)
    for graph, context in zip(CONTEXTS, net.contexts, strict=True):
        expected = context(torch.from_numpy(features), torch.from_numpy(values))
        found = engine(kind, graphs[graph])(features=features, values=values)
        for name, value in zip(("mean", "index"), expected, strict=True):
            assert np.array_equal(found[name], value.numpy())
            assert found[name].std() > 0


@pytest.mark.parametrize("kind", ENGINES)
def test_transforms_are_the_modules_to_float_precision(net: MeanScaleNet, graphs: dict[str, bytes], kind: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 255, (1, 3, 64, 128)).astype(np.float32)
    y = rng.normal(0, 20, (1, net.config.latents, 4, 8)).astype(np.float32)
    weights = mix(net, 9).numpy()
    for name, key, expected, arrays in (
        ("analysis", "latents", net.analysis(torch.from_numpy(x), mix(net, 9)), {"x": x, "mix": weights}),
        ("hyper_analysis", "hyper", net.hyper_analysis(torch.from_numpy(y)), {"latents": y}),
        ("synthesis", "pixels", net.synthesis(torch.from_numpy(y), mix(net, 9)), {"values": y, "mix": weights}),
    ):
        found = engine(kind, graphs[name])(**arrays)[key]
        scale = np.abs(expected.numpy()).max()
        assert np.abs(found - expected.numpy()).max() < 1e-5 * scale
        assert found.shape == expected.shape


def test_float_weights_are_rounded_and_integer_ones_are_not(checkpoint: Path) -> None:
    before, after = (trained_network(load_checkpoint(checkpoint))[1] for _ in range(2))
    rounded(after)
    exact = tuple(name for name, layer in before.named_modules() if hasattr(layer, "largest_sum"))
    for name, value in after.state_dict().items():
        old = before.state_dict()[name]
        assert torch.equal(value, old if name.startswith(exact) else old.half().float()), name
    x = torch.from_numpy(np.random.default_rng(0).uniform(0, 255, (1, 3, 64, 64)).astype(np.float32))
    with torch.no_grad():
        whole, half = (net.analysis(x, mix(net, 16)) for net in (before, after))
    assert 0 < (whole - half).abs().max() < 2e-3 * whole.abs().max()


def stored_weights(graph: bytes) -> list[int]:
    """ONNX element types of the tensors that feed the convolutions."""
    model = onnx.load_from_string(graph).graph
    made_by = {output: node for node in model.node for output in node.output}
    types = {tensor.name: tensor.data_type for tensor in model.initializer}

    def source(name: str) -> str:
        return name if name in types else source(made_by[name].input[0])

    return [types[source(node.input[1])] for node in model.node if node.op_type == "Conv"]


def test_weights_are_stored_small(graphs: dict[str, bytes], net: MeanScaleNet) -> None:
    for name, network in zip(("hyper_synthesis", *CONTEXTS), (net.hyper_synthesis, *net.contexts), strict=True):
        layers = sum(isinstance(module, IntegerConv2d) for module in network.modules())
        assert stored_weights(graphs[name]) == [onnx.TensorProto.INT8] * layers
    for name in ("analysis", "hyper_analysis", "synthesis"):
        assert set(stored_weights(graphs[name])) == {onnx.TensorProto.FLOAT16}


def integer_layers(net: MeanScaleNet) -> list[tuple[str, IntegerConv2d]]:
    return [(name, layer) for name, layer in net.named_modules() if isinstance(layer, IntegerConv2d)]


def test_bounds_hold_for_the_worst_input(net: MeanScaleNet) -> None:
    """The input that turns every product of an output channel the same way cannot pass its layer's bound."""
    bounds = prove_exact(net)
    assert all(bound < LIMIT for bound in bounds.values())
    for name, layer in integer_layers(net):
        weight, bias, exponents = layer.integer_parameters()
        assert torch.equal(weight, weight.round())
        assert weight.abs().max() <= 127
        largest = layer.in_high
        worst = 0.0
        for channel in range(weight.shape[0]):
            turn = 1.0 if bias[channel] >= 0 else -1.0
            sums = (weight[channel].double() * (turn * weight[channel].sign() * largest)).sum() + bias[channel]
            worst = max(worst, abs(sums.item()))
        half = 2.0 ** (exponents.max().item() + layer.in_bits - layer.out_bits - 1)
        assert worst <= bounds[name] <= worst + max(half, 1.0)


def test_no_layer_gets_more_than_its_bound_assumes(net: MeanScaleNet) -> None:
    seen: dict[str, float] = {}

    def watch(name: str, layer: IntegerConv2d) -> None:
        def look(_: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
            whole = arguments[0] * 2.0**layer.in_bits
            assert torch.equal(whole, whole.round()), name
            seen[name] = max(seen.get(name, 0.0), whole.abs().max().item())

        layer.register_forward_pre_hook(look)

    probe = copy.deepcopy(net)
    for name, layer in integer_layers(probe):
        watch(name, layer)
    rng = np.random.default_rng(3)
    for rate in (0, 7, 32):
        hyper = torch.from_numpy(rng.choice([-HYPER_LIMIT, HYPER_LIMIT], (1, net.config.hyper_latents, 2, 2)))
        features, _, _ = probe.hyper_synthesis(hyper.float(), mix(net, rate))
        values = torch.from_numpy(rng.integers(-(2**18), 2**18, (1, net.config.latents, 8, 8)) / 16)
        for context in probe.contexts:
            context(features, values.float())
    assert seen.keys() == {name for name, _ in integer_layers(net)}
    for name, layer in integer_layers(net):
        assert seen[name] <= layer.in_high, name


@pytest.fixture
def inexact(checkpoint: Path, tmp_path: Path) -> Path:
    """A checkpoint whose linear prediction is so strong that its sums pass 2^24."""
    state = load_checkpoint(checkpoint)
    average = dict(state.average)
    average["contexts.1.predict.weight"] = torch.full_like(average["contexts.1.predict.weight"], 0.49)
    path = tmp_path / "inexact.safetensors"
    save_checkpoint(replace(state, average=average), path)
    return path


def test_inexact_network_is_refused(inexact: Path, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"contexts\.1\.predict is not exact: sums can reach 1\d{7}"):
        prove_exact(trained_network(load_checkpoint(inexact))[1])
    with pytest.raises(InvalidInputError, match=r"contexts\.1\.predict is not exact"):
        export(inexact, tmp_path / "models" / "mine", name="mine", data=folder)
    assert not (tmp_path / "models").exists()


def test_oversized_rate_table_is_refused(checkpoint: Path) -> None:
    net = trained_network(load_checkpoint(checkpoint))[1]
    net.hyper_synthesis.scale_offset.table.data[0, 0] = 2.0**17
    with pytest.raises(InvalidInputError, match="scale_offset is not exact"):
        prove_exact(net)


@pytest.mark.parametrize("layer", ["hyper_synthesis.trunk.weight", "contexts.2.mean.bias", "synthesis.head.weight"])
def test_diverged_network_is_refused(checkpoint: Path, layer: str) -> None:
    net = trained_network(load_checkpoint(checkpoint))[1]
    net.get_parameter(layer).data.view(-1)[0] = float("nan")
    with pytest.raises(InvalidInputError, match="not finite"):
        prove_exact(net)


def test_existing_destination_is_refused(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="exists already"):
        export(checkpoint, tmp_path, name="mine", data=folder)
    assert list(tmp_path.iterdir()) == []


def test_failed_export_leaves_nothing(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="no readable picture"):
        export(checkpoint, tmp_path / "models" / "mine", name="mine", data=tmp_path / "empty")
    assert not (tmp_path / "models").exists()

    def fail(line: str) -> None:
        raise RuntimeError(line)

    with pytest.raises(RuntimeError, match="round 1"):  # with the networks written already
        export(checkpoint, tmp_path / "models" / "mine", name="mine", data=folder, report=fail)
    assert not (tmp_path / "models").exists()


def multiply_accumulates(module: nn.Module, *inputs: torch.Tensor) -> int:
    """What torch's own counter sees in the convolutions of a forward pass."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*inputs)
    flops = counter.get_flop_counts()["Global"]
    return int(flops[torch.ops.aten.convolution]) // 2


def test_complexity_agrees_with_torchs_counter(net: MeanScaleNet, package: ModelPackage) -> None:
    c, m = net.config, mix(net, 0)
    y, z = torch.zeros(1, c.latents, 16, 16), torch.zeros(1, c.hyper_latents, 4, 4)
    expected = {
        "analysis": multiply_accumulates(net.analysis, torch.zeros(1, 3, 256, 256), m),
        "hyper_analysis": multiply_accumulates(net.hyper_analysis, y),
        "hyper_synthesis": multiply_accumulates(net.hyper_synthesis, z, m),
        **{
            name: multiply_accumulates(context, torch.zeros(1, c.features, 16, 16), y)
            for name, context in zip(CONTEXTS, net.contexts, strict=True)
        },
        "synthesis": multiply_accumulates(net.synthesis, y, m),
    }
    counted = macs_per_pixel(package)
    for name, macs in expected.items():
        assert counted[name] == macs / 256**2
    assert counted["decoder"] == sum(counted[n] for n in ("hyper_synthesis", *CONTEXTS, "synthesis"))
    assert counted["encoder"] == sum(counted[n] for n in NETWORKS[:-1])
    assert count_macs(package.network("synthesis"), {"values": 16}, 512) == 4 * expected["synthesis"]


def split(counts: NDArray[np.uint32], radius: NDArray[np.uint16]) -> list[NDArray[np.int64]]:
    sizes = [1 if r == 0 else 2 * int(r) + 2 for r in radius]
    assert sum(sizes) == len(counts)
    return np.split(counts.astype(np.int64), np.cumsum(sizes)[:-1])


def test_tables_are_sound(package: ModelPackage, tiny: Plan) -> None:
    arrays = package.tables
    scales = split(arrays["counts"], arrays["radius"])
    hyper = split(arrays["hyper_counts"], arrays["hyper_radius"])
    assert len(scales) == 64
    assert len(hyper) == tiny.model.anchors * tiny.model.hyper_latents
    for table in (*scales, *hyper):
        assert table.sum() == 2**16
        assert table.min() >= 1
    assert scales[0].tolist() == [2**16]  # codes nothing
    spreads = []
    for table in scales[1:]:
        inside = table[:-1]
        assert np.abs(inside - inside[::-1]).max() <= 1  # the rounding to a sum may take one from either side
        symbols = np.arange(len(inside)) - len(inside) // 2
        spreads.append(float((inside * np.abs(symbols)).sum() / inside.sum()))
    assert spreads[0] < 0.05
    assert spreads[-1] > 50


def test_card_tells_how_the_model_came_about(package: ModelPackage, checkpoint: Path, tiny: Plan) -> None:
    card = json.loads((package.folder / "card.json").read_text(encoding="utf-8"))
    assert (card["name"], card["codec"], card["format"], card["licence"]) == ("tiny", "hyperprior", 1, "Apache-2.0")
    assert card["config"] == {
        "latents": 24,
        "hyper_latents": 4,
        "passes": 4,
        "margin": 2,
        "anchors": 3,
        "steps_per_anchor": 16,
        "lambda_low": tiny.model.lambda_low,
        "lambda_high": tiny.model.lambda_high,
    }
    training = card["training"]
    assert training["recipe"] == tiny.to_dict()
    assert training["steps"] == tiny.schedule.steps
    assert training["table_pictures"] == 4
    assert training["history"]["pictures"] == 4
    assert training["history"]["torch"] == torch.__version__
    assert "CPU" in training["history"]["hardware"]
    assert training["hours"] == round(training["history"]["seconds"] / 3600, 2)
    network = trained_network(load_checkpoint(checkpoint))[1]
    assert card["exactness"] == {"limit": 2**24, "largest_partial_sums": prove_exact(network)}
    complexity = card["complexity"]
    assert complexity["kmac_per_pixel"] == {k: round(v / 1000, 3) for k, v in macs_per_pixel(package).items()}
    assert complexity["parameters"] == sum(p.numel() for p in network.parameters())
    files = [path for path in package.folder.iterdir() if path.name != "card.json"]
    assert complexity["package_bytes"] == sum(path.stat().st_size for path in files)
    assert sorted(path.name for path in files) == sorted([*(f"{name}.onnx" for name in NETWORKS), "tables.npz"])
    assert card["sha256"] == package_digest("hyperprior", card["config"], package.files).hex()
