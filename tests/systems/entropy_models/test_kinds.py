"""Every kind of entropy model: trained for a few steps, and as it ships."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentpress import container
from latentpress.codecs import get_codec, tiles
from latentpress.codecs.base import Codec, Region
from latentpress.codecs.ports import Pricing
from latentpress.errors import LatentPressError, UnsupportedError
from latentpress.image import Image
from latentpress.models import find_model
from latentpress.systems.entropy_models import PACKAGES
from latentpress.systems.entropy_models.codec import EntropyModel, quantised
from latentpress.systems.entropy_models.layout import COMPANDED, LIMIT
from latentpress.systems.entropy_models.walks import WALKS

TINY = Path(__file__).parents[1] / "tiny" / "entropy-models.toml"


@pytest.fixture(scope="module", autouse=True)
def _transforms() -> None:
    """Latents are those of a package of the zoo."""
    try:
        find_model("factorised", name="factorised-1")
    except UnsupportedError:
        if importlib.util.find_spec("latentpress_zoo"):
            raise
        pytest.skip("the package factorised-1 is not installed")


@pytest.fixture(params=PACKAGES)
def kind(request: pytest.FixtureRequest) -> str:
    """Each of them."""
    return str(request.param)


def test_all_are_there() -> None:
    assert set(PACKAGES) <= set(WALKS)


@pytest.fixture(scope="module")
def begun(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Any, EntropyModel]]:
    """A network of a kind after some steps, and its package opened."""
    pytest.importorskip("torch")
    from latentpress.models import ModelPackage
    from latentpress.training.checkpoint import load_checkpoint
    from latentpress.training.export import export, trained_network
    from latentpress.training.plan import Plan, read_recipe
    from latentpress.training.run import train

    folder = tmp_path_factory.mktemp("kinds")
    kept = folder / "latents.npz"

    @cache
    def make(kind: str) -> tuple[Any, EntropyModel]:
        recipe = read_recipe(TINY)
        recipe["model"] |= {"kind": kind, "dead_zone": int(kind in ("ccn", "mixture"))}
        recipe["schedule"]["learning_rate"] = 0.02
        run = folder / kind
        run.mkdir()
        if kept.exists():
            (run / kept.name).write_bytes(kept.read_bytes())
        quiet: dict[str, Any] = {"threads": 1, "report": lambda line: None}
        checkpoint = train(Plan.from_dict(recipe), photos, run=run, **quiet)
        kept.write_bytes((run / kept.name).read_bytes())
        package = export(checkpoint, folder / f"{kind}.package", name="tiny", data=photos)
        return trained_network(load_checkpoint(checkpoint))[1], EntropyModel(ModelPackage(package))

    return make


def test_walks_code_what_networks_expect(
    begun: Callable[[str], tuple[Any, EntropyModel]], kind: str, photograph: Image
) -> None:
    """The network as it is trained, over all places at once, and the walk, pass by pass, have the same distributions:
    ideal lengths agree as far as tables that have been counted do.
    """
    import torch

    from latentpress.parts.integer import set_integer
    from latentpress.parts.rate_table import mix_for_rates

    net, model = begun(kind)
    pixels = photograph.pixels[60:124, 60:188]
    port = Pricing()
    values = model.code_picture(port, pixels, 16).values
    set_integer(net, True)
    with torch.no_grad():
        bits = net.bits(torch.from_numpy(values[None]), mix_for_rates(torch.tensor([16]), 2), None, True)
    assert port.total == pytest.approx(float(bits.latents + bits.side), rel=0.08)


@pytest.mark.parametrize("kind", [kind for kind in PACKAGES if kind != "factorised"])  # that one is in tables alone
def test_training_goes_on_from_a_package(begun: Callable[[str], tuple[Any, EntropyModel]], kind: str) -> None:
    import torch

    from latentpress.parts.integer import set_integer
    from latentpress.parts.rate_table import mix_for_rates
    from latentpress.training.from_package import package_state
    from latentpress.training.plan import Plan, training_of

    net, model = begun(kind)
    plan = Plan.from_dict(model.package.card["training"]["recipe"])
    training = training_of(plan.codec)(plan)
    again = training.network(None)
    package_state(model.package, training, again)
    latents, bits = torch.randint(-9, 10, (1, 12, 8, 8)).float(), []
    for one in (net, again):
        set_integer(one, True)
        with torch.no_grad():
            bits.append(one.bits(latents, mix_for_rates(torch.tensor([16]), 2), None, True))
    assert torch.allclose(bits[0].latents, bits[1].latents, rtol=1e-3)
    assert torch.allclose(bits[0].side, bits[1].side, rtol=0.5)  # tables are counted


def _shipped(kind: str, **settings: Any) -> Codec:
    one = {} if "engine" in settings else {"threads": 1}
    return get_codec("entropy-models", model=PACKAGES[kind], **(one | settings))


def test_all_files_hold_the_same_integers(kind: str, photograph: Image) -> None:
    scene = Image(photograph.pixels[60:123, 100:165].copy())
    codec, first = _shipped(kind), _shipped("factorised")
    others: dict[int, Any] = {0: {"threads": 2}, 70: {"engine": "torch", "dtype": "float64"}}
    for quality, settings in others.items():
        data = codec.encode(scene, quality)
        assert codec.exact(data) == first.exact(first.encode(scene, quality))
        assert _shipped(kind, **settings).exact(data) == codec.exact(data)
    for pixels in (scene.pixels[:1, :1, :1], scene.pixels[:70, :3]):
        small = Image(pixels.copy())
        assert codec.decode(codec.encode(small, 50)).pixels.shape == small.pixels.shape


def test_parts_and_damage(kind: str, photograph: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "_SIDE", 2)
    monkeypatch.setattr(tiles, "_WHOLE", 1)
    scene, codec = Image(photograph.pixels[60:120, 100:150].copy()), _shipped(kind)
    data = codec.encode(scene, 50)
    part = codec.decode_region(data, Region(40, 7, 10, 40)).pixels.astype(int)
    assert np.abs(part - codec.decode(data).pixels[7:47, 40:50]).max() <= 1
    data = codec.encode(Image(scene.pixels[:32, :48].copy()), 50)
    (header, chunks), exact, rng = container.read(data), codec.exact(data), np.random.default_rng(0)
    for _ in range(6):
        payload = bytearray(chunks[-1].payload)
        payload[rng.integers(len(payload))] ^= 1 << rng.integers(8)
        bad = container.write(header, [*chunks[:-1], replace(chunks[-1], payload=bytes(payload))])
        with contextlib.suppress(LatentPressError):
            assert codec.exact(bad) == exact  # padding was hit


def test_numbers() -> None:
    assert [COMPANDED[n] for n in (0, 1, 2, 3, 7, 1023)] == [0, 16, 24, 32, 48, 160]
    assert np.array_equal(COMPANDED, np.sort(COMPANDED))
    latents = np.array([0.4, 0.58, 0.59, -1.58, -1.59, 5000.0], np.float32)
    assert quantised(latents, 12.0).tolist() == [0, 0, 1, -1, -2, LIMIT]
    assert quantised(latents, np.inf).tolist() == [0, 1, 1, -2, -2, LIMIT]
