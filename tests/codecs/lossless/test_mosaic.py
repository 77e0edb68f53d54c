"""Raw mosaics: exact, with any pattern, size and depth; smaller than as gray pictures; no damage unnoticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

import latentpress
from latentpress import container
from latentpress.apps.cli import app
from latentpress.codecs.lossless.mosaic import PATTERNS, found_pattern, join_mosaic, pattern_at, split_mosaic
from latentpress.container import MOSAIC, STREAM, Chunk
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError
from latentpress.image import Image, read, write
from latentpress.systems.mlp_lossless.codec import MlpLosslessCodec


def mosaic_of(rgb: NDArray[Any], pattern: str = "RGGB") -> NDArray[Any]:
    """What a sensor with such filters sees of a picture (H, W, 3): (H, W)."""
    out = np.empty(rgb.shape[:2], rgb.dtype)
    for place, colour in enumerate(pattern):
        out[place >> 1 :: 2, place & 1 :: 2] = rgb[place >> 1 :: 2, place & 1 :: 2, "RGB".index(colour)]
    return out


@pytest.fixture(scope="module")
def raw(photograph: Image) -> Image:
    return Image(mosaic_of(photograph.pixels[:120, :160])[:, :, None])


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (5, 4), (4, 7), (9, 9)])
def test_split_and_join(pattern: str, size: tuple[int, int]) -> None:
    colours = np.broadcast_to(np.array([10, 20, 30], np.uint8), (*size, 3))
    mosaic = mosaic_of(colours, pattern) + np.arange(size[0] * size[1], dtype=np.uint8).reshape(size) // 17
    number = PATTERNS.index(pattern)
    channels = split_mosaic(mosaic, number)
    assert channels.shape == (-(-size[0] // 2), -(-size[1] // 2), 4)
    assert np.array_equal(join_mosaic(channels, number, *size), mosaic)
    if min(size) > 1:
        assert (channels // 10 == [1, 2, 2, 3]).all()
    # a part that begins anywhere has the pattern of that place
    part = mosaic_of(np.broadcast_to(colours[:1, :1], (6, 6, 3)), pattern)[1:, 1:]
    assert (split_mosaic(part[:4, :4], pattern_at(number, 1, 1)) // 10 == [1, 2, 2, 3]).all()


@pytest.mark.parametrize("depth", [8, 12, 16])
@pytest.mark.parametrize("size", [(1, 1), (7, 10), (12, 9), (11, 13)])
def test_exact(make: Any, size: tuple[int, int], depth: int) -> None:
    """Every pattern, with the largest differences between colours in it."""
    for number, pattern in enumerate(PATTERNS):
        pixels = mosaic_of(make(*size, 3, depth, seed=number).pixels, pattern)
        pixels[: size[0] // 2, ::3] = [0, 2**depth - 1][number % 2]
        image = Image(pixels[:, :, None], depth)
        data = latentpress.compress(image, lossless=True, mosaic=pattern)
        assert latentpress.decompress(data) == image
        assert latentpress.inspect(data).facts["mosaic"] == pattern


@pytest.mark.parametrize("depth", [8, 16])
def test_bound_on_every_sample(make: Any, depth: int) -> None:
    pixels = mosaic_of(make(24, 31, 3, depth).pixels, "GBRG")
    image = Image(pixels[:, :, None], depth)
    sizes = [len(latentpress.compress(image, lossless=True, mosaic="GBRG"))]
    for max_error in (1, 3, 8):
        data = latentpress.compress(image, max_error=max_error, mosaic="gbrg")
        assert np.abs(latentpress.decompress(data).pixels.astype(int) - image.pixels).max() <= max_error
        sizes.append(len(data))
    assert sizes == sorted(sizes, reverse=True)


def test_with_alpha(make: Any) -> None:
    image = make(8, 11, 2, 8)
    assert latentpress.decompress(latentpress.compress(image, lossless=True, mosaic="RGGB")) == image


@pytest.mark.parametrize("network", [True, False])
def test_smaller_than_as_gray(raw: Image, network: bool) -> None:
    """On a photograph, although it is a small one."""
    gray = MlpLosslessCodec(threads=1, verify=False, network=network).encode(raw)
    data = MlpLosslessCodec(threads=1, mosaic="RGGB", network=network).encode(raw)
    assert len(data) < 0.95 * len(gray)


def test_tiles_that_begin_anywhere(make: Any) -> None:
    """Tiles of odd sides: each begins with a pattern of its own."""
    image = Image(mosaic_of(make(4, 1603, 3, 8).pixels, "GRBG")[:, :, None])
    data = MlpLosslessCodec(mosaic="GRBG", threads=2, network=False, verify=False).encode(image)
    assert MlpLosslessCodec(threads=1).decode(data) == image
    region = latentpress.Region(790, 1, 40, 3)
    part = latentpress.decompress(data, region).pixels
    assert np.array_equal(part, image.pixels[region.rows, region.columns])


def test_detection(raw: Image, photograph: Image) -> None:
    """Mosaics are found, with the green ones in their place; other pictures are not taken for mosaics."""
    for number, pattern in enumerate(PATTERNS):
        found = found_pattern(mosaic_of(photograph.pixels[:101, :90], pattern))
        assert found is not None
        assert (found in (0, 3)) == (number in (0, 3))
    assert found_pattern(photograph.pixels[:, :, 1]) is None
    assert found_pattern(np.zeros((3, 50), np.uint8)) is None
    assert found_pattern(np.zeros((30, 50), np.uint8)) is None
    assert latentpress.inspect(latentpress.compress(raw, lossless=True, mosaic="auto")).facts["mosaic"] == "RGGB"
    other = Image(photograph.pixels[:20, :20])
    assert "mosaic" not in latentpress.inspect(latentpress.compress(other, lossless=True, mosaic="auto")).facts


def test_refused(make: Any) -> None:
    gray, colour = make(5, 6, 1, 8), make(5, 6, 3, 8)
    with pytest.raises(InvalidInputError, match="one of RGGB"):
        latentpress.compress(gray, lossless=True, mosaic="RGBG")
    with pytest.raises(InvalidInputError, match="in colour"):
        latentpress.compress(colour, lossless=True, mosaic="RGGB")
    with pytest.raises(InvalidInputError, match="codecs with it: bai, l3c, lc-fdnet, mlp-lossless, rc"):
        latentpress.compress(gray, mosaic="RGGB")


def test_every_damaged_byte_is_refused(make: Any) -> None:
    data = latentpress.compress(make(6, 7, 1, 8), lossless=True, mosaic="BGGR")
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << (place % 8)
        with pytest.raises((CorruptFileError, UnsupportedError, latentpress.LimitError)):
            latentpress.decompress(bytes(damaged))


@pytest.mark.parametrize("payloads", [[b""], [b"\4"], [b"\0\0"], [b"\1", b"\1"]])
def test_patterns_that_do_not_exist(make: Any, payloads: list[bytes]) -> None:
    """Past the container's checksums."""
    header, chunks = container.read(latentpress.compress(make(6, 7, 1, 8), lossless=True, mosaic="GRBG"))
    stream = [chunk for chunk in chunks if chunk.kind == STREAM]
    file = container.write(header, [*(Chunk(MOSAIC, payload) for payload in payloads), *stream])
    with pytest.raises(CorruptFileError, match="mosaic"):
        latentpress.decompress(file)
    # the planes of a mosaic are not those of a gray picture, or of a mosaic with another pattern
    with pytest.raises(CorruptFileError):
        latentpress.decompress(container.write(header, stream))


def test_command(raw: Image, tmp_path: Path) -> None:
    write(Image(raw.pixels[:40, :50]), tmp_path / "raw.png")
    run = CliRunner().invoke(app, ["compress", str(tmp_path / "raw.png"), "--lossless", "--mosaic", "rggb"])
    assert run.exit_code == 0, run.output
    shown = CliRunner().invoke(app, ["inspect", str(tmp_path / "raw.lpx")]).output
    assert "mosaic:     RGGB" in shown
    back = CliRunner().invoke(app, ["decompress", str(tmp_path / "raw.lpx"), str(tmp_path / "back.png")])
    assert back.exit_code == 0, back.output
    assert read(tmp_path / "back.png") == read(tmp_path / "raw.png")
    refused = CliRunner().invoke(app, ["compress", str(tmp_path / "raw.png"), "--mosaic", "RGGB", "--force"])
    assert refused.exit_code != 0
    assert "codecs with it: bai, l3c, lc-fdnet, mlp-lossless, rc" in refused.output
