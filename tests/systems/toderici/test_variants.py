"""Every recipe of the recurrent family, made small: it trains, becomes a package, codes, and is cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from latentpress.catalogue import folder_of
from latentpress.codecs import get_codec
from latentpress.container import keep_layers
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.training.export import export
from latentpress.training.plan import load_plan
from latentpress.training.run import train

RECIPES = sorted(path.stem.removeprefix("recipe") for path in folder_of("toderici").glob("recipe-*.toml"))
LAYERS = 4


@pytest.fixture(scope="module", params=RECIPES)
def package(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of two steps with a few channels."""
    place = tmp_path_factory.mktemp("variant")
    plan = load_plan(f"toderici{request.param}")
    model = replace(plan.model, layers=LAYERS, channels=12, hidden=4, signs=min(plan.model.signs, 8))
    schedule = replace(plan.schedule, steps=2, batch=1, crop=64, klt_pictures=2, by_clock=False)
    checkpoint = train(
        replace(plan, model=model, schedule=schedule), folder, run=place / "run", report=lambda line: None
    )
    return export(checkpoint, place / "package", name="tiny", data=folder)


def test_variants_code_in_every_engine_and_are_cut(package: Path, photograph: Image) -> None:
    scene = Image(photograph.pixels[60:110, 100:170].copy())
    codec = get_codec("toderici", model=str(package), threads=1)
    other = get_codec("toderici", model=str(package), engine="torch", dtype="float64")
    data = codec.encode(scene, 100)
    assert other.exact(data) == codec.exact(data)
    pictures = [codec.decode(keep_layers(data, n)).pixels.astype(float) for n in range(1, LAYERS + 1)]
    errors = [np.square(one - scene.pixels).mean() for one in pictures]
    assert errors[-1] < errors[0]
    assert np.abs(other.decode(data).pixels.astype(float) - pictures[-1]).max() <= 1


def test_adaptive_files_have_as_many_bits_elsewhere(package: Path, photograph: Image) -> None:
    scene = Image(photograph.pixels[:80, :96].copy())
    plain, adaptive = (get_codec("toderici", model=str(package), threads=1, adaptive=one) for one in (False, True))
    data, other = plain.encode(scene, 50), adaptive.encode(scene, 50)
    assert data != other
    assert 0.6 < len(other) / len(data) < 1.3
    torch = get_codec("toderici", model=str(package), engine="torch", dtype="float64")
    assert torch.exact(other) == plain.exact(other)  # any decoder of the codec reads it
    errors = [np.square(plain.decode(keep_layers(other, n)).pixels.astype(float) - scene.pixels).mean() for n in (1, 2)]
    assert errors[1] < errors[0]
    with pytest.raises(InvalidInputError, match="adaptive must be"):
        get_codec("toderici", adaptive=0.3)
