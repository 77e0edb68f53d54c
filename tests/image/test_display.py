"""What picture files say on how to show them: kept through our files, turned into what other formats have for it."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage

import latentpress
from latentpress.errors import InvalidInputError
from latentpress.image import FirstFrameWarning, Image, LostMetadataWarning, Metadata, read, write
from latentpress.image.display import chunks_of, dots_per_inch, png_chunk

CICP = bytes([9, 16, 0, 1])
GAMMA = struct.pack(">I", 100000)
PRIMARIES = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
DENSITY = struct.pack(">IIB", 11811, 11811, 1)


def png(pixels: NDArray[Any], bits: int, colour: int, **chunks: bytes) -> bytes:
    """A PNG put together by hand, for what Pillow does not write."""
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2" if bits == 16 else np.uint8).tobytes() for row in pixels)
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    extra = b"".join(png_chunk(kind.encode(), data) for kind, data in chunks.items())
    return b"\x89PNG\r\n\x1a\n" + head + extra + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


@pytest.fixture
def shown(rgb: Image) -> Image:
    """A picture with everything that a PNG file can say."""
    return read(io.BytesIO(png(rgb.pixels, 8, 2, cICP=CICP, gAMA=GAMMA, cHRM=PRIMARIES, pHYs=DENSITY)))


def test_png_round_trip_keeps_each_byte(shown: Image, tmp_path: Path) -> None:
    wanted = {b"cICP": CICP, b"gAMA": GAMMA, b"cHRM": PRIMARIES, b"pHYs": DENSITY}
    assert chunks_of(shown.metadata.display) == wanted
    for codec, lossless in (("hyperprior", False), ("mlp-lossless", True)):
        back = latentpress.decompress(latentpress.compress(shown, codec=codec, lossless=lossless))
        write(back, tmp_path / "a.png")
        assert chunks_of(read(tmp_path / "a.png").metadata.display) == wanted


def test_deep_png_keeps_them_too(shown: Image, tmp_path: Path) -> None:
    write(shown.to_depth(16), tmp_path / "a.png")
    assert read(tmp_path / "a.png").metadata.display == shown.metadata.display


@pytest.mark.parametrize("ending", ["jpg", "tif", "bmp", "png"])
def test_density_goes_into_each_format_that_has_one(shown: Image, tmp_path: Path, ending: str) -> None:
    write(shown, tmp_path / f"a.{ending}")
    back = read(tmp_path / f"a.{ending}").metadata.display
    assert dots_per_inch(back) == pytest.approx((300, 300), abs=0.05)
    if ending == "bmp":  # Pillow writes a density into each
        return
    write(Image(shown.pixels), tmp_path / f"b.{ending}")
    assert dots_per_inch(read(tmp_path / f"b.{ending}").metadata.display) is None


def test_deep_gray_with_a_transparent_value_gets_alpha() -> None:
    gray = (np.arange(48, dtype=np.uint16) * 1000).reshape(6, 8)
    image = read(io.BytesIO(png(gray, 16, 0, tRNS=struct.pack(">H", 5000))))
    assert (image.channels, image.bit_depth) == (2, 16)
    assert np.array_equal(image.pixels[:, :, 0], gray)
    assert np.array_equal(image.pixels[:, :, 1] == 0, gray == 5000)
    assert set(np.unique(image.pixels[:, :, 1])) == {0, 65535}


def test_tags_on_how_a_tiff_file_is_stored_do_not_travel(rgb: Image, tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[0x010F] = "A camera"
    rgb.to_pillow().save(tmp_path / "a.tif", compression="tiff_lzw", exif=exif)
    found = PillowImage.Exif()
    found.load(read(tmp_path / "a.tif").metadata.exif)
    assert dict(found) == {0x010F: "A camera"}
    rgb.to_pillow().save(tmp_path / "bare.tif")
    assert read(tmp_path / "bare.tif").metadata.exif == b""


@pytest.mark.parametrize("block", ["xmp", "exif"])
def test_metadata_too_large_for_a_jpeg_are_left_out_with_a_warning(rgb: Image, tmp_path: Path, block: str) -> None:
    large = rgb.with_metadata(Metadata(**{block: b"MM\0*\0\0\0\x08\0\0" + b"a" * 70_000}))
    with pytest.warns(LostMetadataWarning, match=f"{block.upper()} of 70010 bytes does not fit into a JPEG"):
        write(large, tmp_path / "a.jpg")
    assert getattr(read(tmp_path / "a.jpg").metadata, block) == b""


def test_further_pictures_of_a_multi_picture_jpeg_are_told(rgb: Image, tmp_path: Path) -> None:
    first = rgb.to_pillow()
    first.save(tmp_path / "two.mpo", save_all=True, append_images=[first])
    with pytest.warns(FirstFrameWarning, match="first of 2"):
        read(tmp_path / "two.mpo")


def test_a_closed_picture_is_an_input_error(rgb: Image, tmp_path: Path) -> None:
    for ending in ("png", "jpg", "tif"):
        write(rgb, tmp_path / f"a.{ending}")
        with PillowImage.open(tmp_path / f"a.{ending}") as lazy:
            pass
        with pytest.raises(InvalidInputError, match="closed"):
            latentpress.compress(lazy)


def test_damaged_display_blocks_are_passed_over(shown: Image, tmp_path: Path) -> None:
    block = shown.metadata.display
    for damaged in (block[:-1], block[:5], b"\xff" * 40, block.replace(b"gAMA", b"gAMB")):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            write(shown.with_metadata(Metadata(display=damaged)), tmp_path / "a.png")
        assert set(chunks_of(read(tmp_path / "a.png").metadata.display)) <= set(chunks_of(block))
