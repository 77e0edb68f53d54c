"""Slimmer networks: what is taken out, fitted, put on levels and stored is what the networks then run with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from typer.testing import CliRunner

from latentpress.apps.cli import app
from latentpress.codecs import get_codec
from latentpress.engine import OnnxNetwork, TorchNetwork
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.models import ModelPackage, named_model
from latentpress.models.coded import CODED
from latentpress.parts.block_transforms import Synthesis, TransformSizes, random_basis
from latentpress.slimming.activation_books import Books, books_for, on_books, tune_clips
from latentpress.slimming.channels import channel_groups, without_channels
from latentpress.slimming.codebooks import k_means, on_levels, without_small
from latentpress.slimming.low_rank import split_layers
from latentpress.slimming.recording import Call
from latentpress.slimming.search import _child, _hidden, _set, search_channels
from latentpress.slimming.slim import Wish, slim
from latentpress.slimming.structured import ranked
from latentpress.slimming.tuning import Learning
from latentpress.slimming.weights import StoredNetwork
from latentpress.training.complexity import count_macs
from latentpress.training.export import export
from latentpress.training.graphs import export_graph
from latentpress.training.run import train
from latentpress.training.system import Graph

TINY = Path(__file__).parents[1] / "systems" / "tiny"
SIZES = TransformSizes(latents=24, narrow=16, wide=24, narrow_depth=1, wide_depth=2, anchors=3)
STRIDES = {"values": 16.0}


@pytest.fixture(scope="module")
def synthesis() -> bytes:
    """The graph of a random synthesis with residual blocks, depth-wise kernels and tables of rates."""
    torch.manual_seed(0)
    net = Synthesis(SIZES, random_basis(SIZES.latents, 0))
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    values, mix = torch.zeros(1, SIZES.latents, 8, 8), torch.zeros(1, SIZES.anchors)
    return export_graph(Graph(net, {"values": values, "mix": mix}, ("pixels",)))


@pytest.fixture(scope="module")
def package(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """A tiny hyperprior."""
    place = tmp_path_factory.mktemp("tiny")
    run = train(TINY / "hyperprior.toml", folder, run=place / "run", threads=1, report=lambda line: None)
    return ModelPackage(export(run, place / "package", name="tiny", data=folder))


def ran(graph: bytes) -> np.ndarray:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1, SIZES.latents, 6, 5)).astype(np.float32)
    return OnnxNetwork(graph, 1)(values=values, mix=np.array([[0.3, 0.7, 0]], np.float32))["pixels"]


def quiet(line: str) -> None:
    """Nobody listens."""


def test_stored_networks_give_what_they_were_read_from(synthesis: bytes) -> None:
    assert np.array_equal(ran(StoredNetwork(synthesis).plain()), ran(synthesis))


def test_channels_that_nothing_reads_leave_no_trace(synthesis: bytes) -> None:
    network = StoredNetwork(synthesis)
    groups = channel_groups(network)
    assert sorted(group.count for group in groups) == [24, 32, 48, 48]  # the wide residual way, what is inside blocks
    for group in groups:
        for name, axis in group.slices - group.made:
            taken = [slice(None)] * network.values[name].ndim
            taken[axis] = slice(3, 5)  # type: ignore[call-overload]
            network.values[name][tuple(taken)] = 0
    before, macs = ran(network.plain()), count_macs(network.plain(), STRIDES)
    for group in groups:
        without_channels(network, group, np.delete(np.arange(group.count), [3, 4]))
    np.testing.assert_allclose(ran(network.plain()), before, rtol=1e-4, atol=0.02)
    assert count_macs(network.plain(), STRIDES) < macs


@pytest.fixture(scope="module")
def calls(synthesis: bytes) -> list[Call]:
    """What the synthesis makes of random values."""
    net, rng = OnnxNetwork(synthesis, 1), np.random.default_rng(1)
    found = []
    for _ in range(6):
        values, mix = rng.normal(size=(1, SIZES.latents, 4, 4)), rng.uniform(0, 1, (1, SIZES.anchors))
        inputs = {"values": values.astype(np.float16), "mix": mix.astype(np.float16)}
        pixels = net(**{name: one.astype(np.float32) for name, one in inputs.items()})["pixels"]
        found.append(Call(inputs, {"pixels": pixels.astype(np.float16)}, 100.0))
    return found


def test_channels_that_a_step_hides_are_as_good_as_gone(synthesis: bytes, calls: list[Call]) -> None:
    network = StoredNetwork(synthesis)
    pruning = ranked(network, calls, STRIDES, 0)
    _set(pruning, [8, 16, 0, 24])
    values = np.random.default_rng(0).normal(size=(1, SIZES.latents, 6, 5)).astype(np.float32)
    inputs = {"values": torch.from_numpy(values), "mix": torch.tensor([[0.3, 0.7, 0]])}
    hidden = Learning(network).run(inputs, _hidden(pruning))["pixels"].detach().numpy()
    pruning.cut()
    np.testing.assert_allclose(ran(network.plain()), hidden, rtol=1e-4, atol=0.02)


def test_widths_that_are_searched_meet_the_arithmetic(synthesis: bytes, calls: list[Call]) -> None:
    network, rng = StoredNetwork(synthesis), np.random.default_rng(0)
    whole = count_macs(network.plain(), STRIDES)
    pruning = ranked(network, calls, STRIDES, 0)
    aim = 0.9 * sum(pruning.macs.values())
    pruning.choose(aim)
    first = tuple(plan.gone for plan in pruning.plans)
    children = [_child(pruning, [first, (0, 0, 0, 0)], aim, rng) for _ in range(20)]
    assert len(set(children)) > 3
    for child in children:
        _set(pruning, child)
        assert pruning.left() <= aim
    how = {"rounds": 1, "candidates": 12, "steps": 4, "rate": 1e-3, "seed": 0, "say": quiet}
    found = search_channels(network, calls[:4], calls[4:], STRIDES, 0.9, **how)
    assert found["decibels_of_best"] <= found["decibels_of_first"]
    assert count_macs(network.plain(), STRIDES) <= 0.9 * whole
    assert ran(network.plain()).shape == (1, 3, 96, 80)


def test_a_layer_of_low_rank_is_split_at_its_rank(synthesis: bytes) -> None:
    network, rng = StoredNetwork(synthesis), np.random.default_rng(0)
    name = "embed.weight"
    thin = rng.normal(size=(24, 2)) @ rng.normal(size=(2, 24))
    network.values[name] = thin.astype(np.float32)[:, :, None, None]
    before = ran(network.plain())
    ranks = split_layers(network, 0.99999, [], 0)
    assert ranks == {name: 2}
    np.testing.assert_allclose(ran(network.plain()), before, rtol=1e-3, atol=0.05)


def test_k_means_finds_the_clusters() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([-0.9, -0.1, 0.05, 1.4])
    values = (centres[rng.integers(4, size=4000)] + rng.normal(0, 0.003, 4000)).astype(np.float32)
    np.testing.assert_allclose(k_means(values, 4), centres, atol=1e-3)


def test_levels_keep_zeros_and_make_good_what_rounding_does(synthesis: bytes) -> None:
    rng = np.random.default_rng(0)
    weight = rng.laplace(0, 1, (40, 64, 1, 1)).astype(np.float32)
    sparse = without_small({"w": weight}, 0.4, {"w": np.ones(weight.shape)})["w"]
    assert 0.39 < (sparse == 0).mean() < 0.41
    mixing = rng.normal(size=(64, 8))
    inputs = mixing @ rng.normal(size=(8, 500)) + 0.1 * rng.normal(size=(64, 500))  # inputs that go together
    plain, fitted = on_levels(sparse, 3), on_levels(sparse, 3, energy=inputs @ inputs.T)
    errors = []
    for book in (plain, fitted):
        assert len(book.levels) <= 8
        assert (book.values[sparse == 0] == 0).all()
        errors.append(np.square((book.values - sparse)[:, :, 0, 0] @ inputs).sum())
    assert errors[1] < 0.5 * errors[0]


def test_books_are_stored_as_indices(synthesis: bytes) -> None:
    network = StoredNetwork(synthesis)
    books = {"embed.weight": on_levels(network.values["embed.weight"], 3)}
    network.values["embed.weight"] = books["embed.weight"].values
    stored = network.stored(books)
    again = StoredNetwork(stored)
    assert np.array_equal(again.values["embed.weight"], books["embed.weight"].values)
    np.testing.assert_allclose(ran(stored), ran(network.plain()), rtol=0.02, atol=1)  # the rest is in float16


def test_a_painter_of_fewer_channels(
    package: ModelPackage, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    wish = Wish(networks=["synthesis"], macs=0.95, rounds=2, steps=20, crops=40, crop=64, painter="light")
    place = slim(package, tmp_path / "shelf" / "light", "tiny-light", folder, wish, said.append)
    made = ModelPackage(place)
    macs = [one["kmac_per_pixel"]["synthesis"] for one in (made.card["complexity"], package.card["complexity"])]
    assert macs[0] <= 0.95 * macs[1]
    assert [line for line in said if line.startswith("pruned, round 2")]
    monkeypatch.setenv("LATENTPRESS_MODELS", str(tmp_path / "shelf"))
    image = Image(np.asarray(Image(np.zeros((64, 80, 3), np.uint8)).pixels) + np.arange(80, dtype=np.uint8)[:, None])
    own, light = (get_codec("hyperprior", model=str(package.folder), painter=one) for one in (None, "light"))
    data = own.encode(image, 60)
    assert own.exact(data) == light.exact(data)
    assert not np.array_equal(own.decode(data).pixels, light.decode(data).pixels)
    further = Wish(networks=["synthesis"], start=str(place), steps=4, crops=40, crop=64, painter="light")
    later = ModelPackage(slim(package, tmp_path / "later", "tiny-light", folder, further, quiet))
    assert later.card["complexity"]["kmac_per_pixel"] == made.card["complexity"]["kmac_per_pixel"]
    assert later.id != made.id
    assert later.card["slimming"]["wish"]["start"] == "tiny-light"  # and not where that lay


def test_a_package_on_levels_in_coded_form(
    package: ModelPackage, folder: Path, tmp_path: Path, picture: Callable[..., Image]
) -> None:
    wish = Wish(sparsity=0.2, bits=4, steps=9, crops=40, crop=64)
    plain = ModelPackage(slim(package, tmp_path / "plain", "slim", folder, wish, quiet))
    coded = ModelPackage(slim(plain, tmp_path / "coded", "slim", None, Wish(coded=True), quiet))
    assert coded.id == plain.id  # in coded form it is the same model
    assert [one for one in coded.folder.iterdir() if one.suffix == CODED]
    sizes = [sum(one.stat().st_size for one in made.folder.glob("*.onnx*")) for made in (plain, coded)]
    assert sizes[1] < sizes[0]
    data = get_codec("hyperprior", model=str(plain.folder)).encode(picture(64, 64), 50)
    codecs = [get_codec("hyperprior", model=str(coded.folder), engine=engine) for engine in ("onnx", "torch")]
    assert len({codec.exact(data) for codec in codecs}) == 1
    exact = {name: package.files[name] for name in package.files if name.startswith(("hyper_synthesis", "context"))}
    assert exact.items() <= coded.files.items()  # what decides how files are read is as it was


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"sparsity": 1.0}, "parts"),
        ({"bits": 9}, "1 to 8"),
        ({"rounds": 0}, "a round"),
        ({"macs": 0.0}, "parts"),
        ({"search": 9}, "macs"),
    ],
)
def test_wishes_that_cannot_be(wish: dict[str, float], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        Wish(**wish)  # type: ignore[arg-type]


def test_what_is_missing_is_said_in_a_line(package: ModelPackage, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="--data"):
        slim(package, tmp_path / "a", "a", None, Wish(macs=0.5), quiet)
    with pytest.raises(InvalidInputError, match="no float network 'context'; it has: analysis"):
        slim(package, tmp_path / "a", "a", None, Wish(networks=["context"]), quiet)
    with pytest.raises(InvalidInputError, match="restore-2 has no network that runs on one side"):
        slim(named_model("restore-2"), tmp_path / "a", "a", None, Wish(bits=4), quiet)
    with pytest.raises(InvalidInputError, match="restore-2 has no analysis that was slimmed out of"):
        slim(package, tmp_path / "a", "a", None, Wish(start="restore-2"), quiet)
    assert not (tmp_path / "a").exists()
    result = CliRunner().invoke(app, ["slim", str(package.folder), str(tmp_path / "a"), "--name", "a", "--bits", "12"])
    assert result.exit_code == 2
    assert "1 to 8" in result.stderr


def test_levels_of_activations_go_where_the_values_are() -> None:
    rng = np.random.default_rng(0)
    narrow, wide = rng.laplace(3, 0.1, (4, 2000)), rng.laplace(-20, 10, (4, 2000))
    seen = np.concatenate([narrow, wide]).astype(np.float32)
    x = torch.from_numpy(seen.reshape(8, 40, 50))[None]
    errors = []
    for count in (1, 2):
        books = Books(seen, 5, count, rng)
        made = books(x)
        errors.append((made - x).square().mean(dim=(0, 2, 3)) / x.var(dim=(0, 2, 3)))
        assert all(len(channel.unique()) <= 32 for channel in made.detach()[0])
    assert errors[1].max() < 0.01  # 5 bits: evenly spaced ones lose more of a peaked channel
    assert errors[1][:4].mean() < 0.02 * errors[0][:4].mean()
    far = torch.full((1, 8, 1, 1), 500.0)
    books(far).sum().backward()
    assert (books.log_clip.grad != 0).all()  # what is cut off pulls at the ends


def test_books_stand_before_their_layers_alone(synthesis: bytes, calls: list[Call]) -> None:
    network = TorchNetwork(StoredNetwork(synthesis).plain())
    inputs = {name: torch.from_numpy(one).float() for name, one in calls[0].inputs.items()}
    plain = network.on_tensors(**inputs)["pixels"]
    books = books_for(network, ["up.weight"], calls, 3, 2, 0)
    with on_books(network, books):
        rounded = network.on_tensors(**inputs)["pixels"]
    assert not torch.equal(rounded, plain)
    assert torch.equal(network.on_tensors(**inputs)["pixels"], plain)
    books["up.weight"].log_clip.data -= 0.7  # half of the range
    with on_books(network, books):
        before = float((network.on_tensors(**inputs)["pixels"] - plain).detach().square().mean())
    tune_clips(network, books, calls, 30, 0.02, 0)
    with on_books(network, books):
        assert float((network.on_tensors(**inputs)["pixels"] - plain).detach().square().mean()) < before
