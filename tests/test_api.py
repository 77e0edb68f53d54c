"""`compress`, `decompress` and `inspect`, with a codec of another package."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latentpress
from latentpress import (
    CorruptFileError,
    Image,
    InvalidInputError,
    LimitError,
    MissingExtraError,
    Region,
    UnsupportedError,
)
from latentpress.container import LAYER, STREAM, Chunk, Header, write


@pytest.fixture(autouse=True)
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the package in tests/plugin."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "plugin"))


def file(**changes: Any) -> bytes:
    """A file of 2 x 3 pixels with one stream of five bytes."""
    fields = {"codec": 77, "model": bytes(8), "width": 3, "height": 2, "channels": 1, "rate": 9} | changes
    return write(Header(**fields), [Chunk(STREAM, b"12345")])


def test_any_source_gives_the_same_file(rgb: Image, tmp_path: Path) -> None:
    latentpress.write_image(rgb, tmp_path / "a.png")
    data = latentpress.compress(rgb, codec="plain")
    sources: list[Any] = [tmp_path / "a.png", str(tmp_path / "a.png"), rgb.to_pillow(), rgb.pixels]
    assert [latentpress.compress(source, codec="plain") for source in sources] == [data] * 4
    assert latentpress.decompress(data) == rgb


def test_bytes_like_data_is_taken(gray: Image) -> None:
    data = latentpress.compress(gray, codec="plain")
    for kind in (bytearray, memoryview):
        assert latentpress.decompress(kind(data)) == gray  # type: ignore[arg-type]
        assert latentpress.inspect(kind(data)).file_bytes == len(data)  # type: ignore[arg-type]


def test_inspect_a_known_codec(rgb: Image) -> None:
    data = latentpress.get_codec("plain").encode(rgb, 40)
    info = latentpress.inspect(data)
    assert (info.version, info.codec, info.codec_number) == ((1, 0), "plain", 255)
    assert (info.model, info.model_name) == (b"plain--1".hex(), "plain-1")
    assert (info.width, info.height, info.channels, info.bit_depth, info.rate) == (65, 63, 3, 8, 40)
    assert info.bpp == 8 * len(data) / (65 * 63)
    (chunk,) = info.chunks
    assert (chunk.kind, chunk.name, chunk.ancillary) == (1, "symbols", False)
    assert info.overhead_bytes == len(data) - chunk.bytes


def test_inspect_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    info = latentpress.inspect(file())
    assert (info.codec, info.codec_number, info.model, info.model_name) == ("", 77, "", "")
    assert info.chunks[0].bytes == 5
    info = latentpress.inspect(file(codec=255, codec_name="other", model=b"12345678"))
    assert (info.codec, info.model, info.model_name) == ("other", b"12345678".hex(), "")
    info = latentpress.inspect(file(codec=255, codec_name="plain", model=b"12345678"))
    assert (info.codec, info.model_name) == ("plain", "")


def test_files_of_unknown_codecs_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="codec number 77"):
        latentpress.decompress(file())
    with pytest.raises(UnsupportedError, match="no codec 'other'"):
        latentpress.decompress(file(codec=255, codec_name="other"))


def test_damage_is_found(rgb: Image) -> None:
    data = bytearray(latentpress.compress(rgb, codec="plain"))
    data[-1] ^= 1
    for call in (latentpress.decompress, latentpress.inspect):
        with pytest.raises(CorruptFileError):
            call(bytes(data))
        with pytest.raises(CorruptFileError):
            call(b"")
        with pytest.raises(InvalidInputError, match="No such file"):
            call("photo.lpx")  # type: ignore[arg-type]
        with pytest.raises(LimitError):
            call(file(width=10**9, height=10**9))


@pytest.mark.parametrize("quality", [-1, 101, float("nan"), True, "50"])
def test_quality_is_checked_before_the_picture_is_read(quality: Any) -> None:
    with pytest.raises(InvalidInputError, match="quality"):
        latentpress.compress("no-such-picture.png", quality)


def test_other_wrong_arguments(rgb: Image) -> None:
    with pytest.raises(UnsupportedError, match="no codec 'gif'"):
        latentpress.compress(rgb, codec="gif")
    with pytest.raises(InvalidInputError, match="not int"):
        latentpress.compress(rgb, codec=3)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="a picture must be"):
        latentpress.compress(3, codec="plain")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="height, width"):
        latentpress.compress(np.zeros((4, 4, 5), np.uint8), codec="plain")


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True, 100_000])
def test_threads_are_a_number_that_a_machine_can_have(rgb: Image, threads: Any) -> None:
    data = latentpress.compress(rgb, codec="hyperprior")
    for call in (latentpress.compress, latentpress.decompress):
        with pytest.raises(InvalidInputError, match=r"threads must be a whole number from 1 to 1024, not"):
            call(rgb if call is latentpress.compress else data, threads=threads)


def test_a_region_is_four_numbers(rgb: Image) -> None:
    one = latentpress.compress(rgb, roi=(2, 3, 20, 10))
    assert one == latentpress.compress(rgb, roi=[(2, 3, 20, 10)]) == latentpress.compress(rgb, roi=Region(2, 3, 20, 10))
    for wrong in [(1, 2, 3), [(1, 2, 3)], 5, "face", [(0, 0, 0.5, 1)]]:
        with pytest.raises(InvalidInputError, match="a region is four whole numbers"):
            latentpress.compress(rgb, roi=wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="a region is four whole numbers"):
        latentpress.decompress(one, region=(1, 2))  # type: ignore[arg-type]


def test_arrays_and_pillow_pictures_are_written(rgb: Image, tmp_path: Path) -> None:
    for number, picture in enumerate([rgb, rgb.pixels, rgb.to_pillow()]):
        latentpress.write_image(picture, tmp_path / f"{number}.png")
        assert latentpress.read_image(tmp_path / f"{number}.png") == rgb
    with pytest.raises(InvalidInputError, match="must be uint8 or uint16"):
        latentpress.write_image(rgb.pixels / 255, tmp_path / "float.png")


def test_training_without_its_extra_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in sys.modules if name.startswith("latentpress.training")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    with pytest.raises(MissingExtraError, match=r"\[train\]"):
        latentpress.train("hyperprior", tmp_path, run=tmp_path / "run")


def test_inspect_tells_how_many_layers_are_left() -> None:
    head = Header(codec=77, model=bytes(8), width=3, height=2, channels=1, rate=2, layered=True)
    data = write(head, [Chunk(LAYER, b"first"), Chunk(LAYER, b"second")])
    info = latentpress.inspect(data)
    assert (info.layers, info.rate, info.facts["layers"]) == (2, 2, "2 of 2")
    info = latentpress.inspect(data[:-1])
    assert (info.layers, info.rate, info.facts["layers"]) == (1, 2, "1 of 2, the file is cut off")
    with pytest.raises(InvalidInputError, match="2 layers"):
        latentpress.decompress(data, layers=3)
    with pytest.raises(InvalidInputError, match="not made of layers"):
        latentpress.decompress(file(), layers=1)
