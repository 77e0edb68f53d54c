"""Targets of progressive codecs: one encoding, cut to as many layers as it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import latentpress
from latentpress import container
from latentpress.apps.cli import app
from latentpress.codecs import get_codec
from latentpress.codecs.cutting import cut_to_target
from latentpress.codecs.targets import Bpp, FileSize, Psnr, psnr_of
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.systems.spiht.codec import SpihtCodec


@pytest.fixture(scope="module")
def scene(photograph: Image) -> Image:
    return Image(photograph.pixels[40:136, 60:188].copy())


@pytest.fixture(scope="module")
def cuts(scene: Image) -> list[bytes]:
    """The file of each number of layers."""
    codec = SpihtCodec()
    data = codec.encode(scene, 100)
    return [container.keep_layers(data, n) for n in range(1, container.read_header(data).rate + 1)]


def test_a_size_keeps_the_most_layers_that_fit(
    scene: Image, cuts: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[float] = []
    plain = SpihtCodec.encode

    def counted(self: SpihtCodec, image: Image, quality: float = 50.0, **more: Any) -> bytes:
        encoded.append(quality)
        return plain(self, image, quality, **more)

    monkeypatch.setattr(SpihtCodec, "encode", counted)
    for number, more in ((3, 0), (8, 1), (len(cuts) - 1, 10**6)):
        size = len(cuts[number]) + more
        assert cut_to_target(SpihtCodec(), scene, FileSize(size)).data == cuts[number]
    assert len(encoded) == 3
    with pytest.raises(InvalidInputError, match="at least"):
        cut_to_target(SpihtCodec(), scene, FileSize(len(cuts[0]) - 1))


def test_a_quality_takes_the_fewest_layers(scene: Image, cuts: list[bytes]) -> None:
    codec = SpihtCodec()
    reached = [psnr_of(scene, codec.decode(data)) for data in cuts]
    assert reached == sorted(reached)
    for number in (4, 9):
        wanted = (reached[number - 1] + reached[number]) / 2 + 0.2
        assert cut_to_target(codec, scene, Psnr(wanted)).data == cuts[number]
    with pytest.raises(InvalidInputError, match="at most"):
        cut_to_target(codec, scene, Psnr(reached[-1] + 2))


def test_a_rate_is_met_to_the_nearest_layer(scene: Image, cuts: list[bytes]) -> None:
    rates = [8 * len(data) / (scene.width * scene.height) for data in cuts]
    found = cut_to_target(SpihtCodec(), scene, Bpp(rates[6] * 1.05))
    assert found.data == cuts[6]
    assert (found.encodings, found.within) == (1, False)


def test_progressive_files(scene: Image, tmp_path: Path) -> None:
    data = latentpress.compress(scene, progressive=True)
    info = latentpress.inspect(data)
    assert (info.codec, info.layers) == ("spiht", info.rate)
    with pytest.warns(latentpress.CutFileWarning):
        assert latentpress.decompress(data[: len(data) // 2]).pixels.shape == scene.pixels.shape
    with pytest.raises(InvalidInputError, match="no files of layers"):
        latentpress.compress(scene, progressive=True, codec="hyperprior")
    with pytest.raises(InvalidInputError, match="lossless goes with no progressive"):
        latentpress.compress(scene, progressive=True, lossless=True)
    assert latentpress.compress(scene, progressive=True, codec=get_codec("spiht")) == data
    latentpress.write_image(scene, tmp_path / "a.png")
    out = tmp_path / "a.lpx"
    command = ["compress", str(tmp_path / "a.png"), str(out), "--progressive", "--size", "2KB", "--verify"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert out.stat().st_size <= 2000
