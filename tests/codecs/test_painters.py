"""Painters: another synthesis for the same files, of the right model only, without a seam; nothing else changes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress.codecs import get_codec, tiles
from latentpress.codecs.painters import PAINTER, painter_of, painting
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.models import SEARCH_PATH, ModelPackage, find_model, installed_models, package_digest


@pytest.fixture(scope="module")
def file(photograph: Image) -> bytes:
    """The photograph as a file of the default model."""
    return latentpress.compress(photograph, 40, threads=1)


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelPackage:
    """A painter called ``other`` that is for a model which is not there."""
    package = installed_models(PAINTER)[0]
    folder = shutil.copytree(package.folder, tmp_path / "models" / "other")
    config = {**package.config, "model": "01" * 8, "painter": "other"}
    digest = package_digest(PAINTER, config, package.files).hex()
    (folder / "card.json").write_text(json.dumps({**package.card, "config": config, "sha256": digest}))
    monkeypatch.setenv(SEARCH_PATH, str(tmp_path / "models"))
    return ModelPackage(folder)


def _error(one: Image, two: Image) -> float:
    return float(np.square(one.pixels.astype(float) - two.pixels).mean())


def test_a_preview_is_the_picture_nearly_and_the_integers_exactly(file: bytes, photograph: Image) -> None:
    true, preview = latentpress.decompress(file, threads=1), latentpress.decompress(file, preview=True, threads=1)
    assert preview != true
    assert _error(true, photograph) < _error(preview, photograph) < 1.6 * _error(true, photograph)
    codec, quick = get_codec("hyperprior", threads=1), get_codec("hyperprior", threads=1, painter="preview")
    assert quick.decode(file) == preview
    assert quick.exact(file) == codec.exact(file)
    assert quick.encode(photograph, 40) == file


def test_every_painter_is_of_an_installed_model_and_cheap() -> None:
    for package in installed_models(PAINTER):
        model = find_model("hyperprior", id=bytes.fromhex(package.config["model"]))
        assert painter_of(model, package.config["painter"]).package is package
        assert package.name == f"{model.name}-{package.config['painter']}"
        if package.config["painter"] == "preview":
            assert package.card["complexity"]["kmac_per_pixel"]["synthesis"] <= 5


@pytest.mark.parametrize("settings", [{"preview": True}, {"look": 1.0}])
def test_tiles_have_no_seam(photograph: Image, settings: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "_SIDE", 4)
    monkeypatch.setattr(tiles, "_WHOLE", 2)
    image = Image(photograph.pixels[:128, :160].copy())
    data = latentpress.compress(image, 10, threads=1)
    try:
        whole = latentpress.decompress(data, threads=1, **settings)
    except UnsupportedError as error:
        pytest.skip(str(error))
    part = latentpress.decompress(data, (50, 50, 70, 40), threads=1, **settings)
    assert np.abs(part.pixels.astype(int) - whole.pixels[50:90, 50:120]).max() <= 1
    steps = np.abs(np.diff(whole.pixels.astype(int), axis=1)).mean(axis=(0, 2))
    borders = np.zeros(len(steps), bool)
    borders[63::64] = True
    assert steps[borders].max() <= steps[~borders].max()


def test_engines_paint_alike(file: bytes) -> None:
    pytest.importorskip("torch")
    one = latentpress.decompress(file, preview=True, threads=1)
    two = get_codec("hyperprior", engine="torch", painter="preview").decode(file)
    assert np.abs(one.pixels.astype(int) - two.pixels).max() <= 1


def test_what_no_painter_paints_is_refused(file: bytes, other: ModelPackage) -> None:
    with pytest.raises(UnsupportedError, match=r"no painter 'other' for files of the model hyperprior-3 is installed$"):
        get_codec("hyperprior", painter="other").decode(file)
    with pytest.raises(InvalidInputError, match="has one look only"):
        get_codec("hyperprior", painter="preview", look=0.5).decode(file)
    lossless = latentpress.compress(Image(np.zeros((4, 4, 3), np.uint8)), lossless=True)
    for painted in ({"preview": True}, {"look": 0.5}):
        with pytest.raises(InvalidInputError, match="mlp-lossless are shown in one way only"):
            latentpress.decompress(lossless, **painted)


@pytest.mark.parametrize("look", [-0.1, 1.1, float("nan"), True, "1"])
def test_looks_are_from_0_to_1(look: float) -> None:
    with pytest.raises(InvalidInputError, match="look must be a number from 0 to 1"):
        painting(look=look)
    with pytest.raises(InvalidInputError, match="preview goes with no look"):
        painting(preview=True, look=0.5)
    assert not painting(look=0)
