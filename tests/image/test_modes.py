"""Every kind of picture file that people have: what it becomes, and what of it comes back."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageCms

from latentpress.errors import InvalidInputError, LatentPressError, UnsupportedError
from latentpress.image import Image, Metadata, read, write

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>caf\xc3\xa9</a></x:xmpmeta>'


def exif_bytes(orientation: int = 1) -> bytes:
    exif = PillowImage.Exif()
    exif[0x010F] = "A camera"
    exif[0x0112] = orientation
    return exif.tobytes()


def encoded(pillow: PillowImage.Image, format: str, **settings: Any) -> io.BytesIO:
    stream = io.BytesIO()
    pillow.save(stream, format, **settings)
    return io.BytesIO(stream.getvalue())


def deep(height: int, width: int, channels: int, depth: int) -> Image:
    pixels = np.random.default_rng(channels + depth).integers(0, 2**depth, (height, width, channels), np.uint16)
    return Image(pixels, depth)


def test_palette_black_and_white_and_transparency() -> None:
    colours = PillowImage.new("P", (3, 2), 1)
    colours.putpalette([0, 0, 0, 200, 100, 50])
    assert read(encoded(colours, "PNG")).pixels[0, 0].tolist() == [200, 100, 50]
    assert read(encoded(colours, "PNG", transparency=1)).pixels[0, 0].tolist() == [200, 100, 50, 0]
    bits = PillowImage.fromarray(np.array([[True, False]]))
    assert read(encoded(bits, "PNG")).pixels.ravel().tolist() == [255, 0]
    key = PillowImage.new("RGB", (2, 1), (1, 2, 3))
    assert read(encoded(key, "PNG", transparency=(1, 2, 3))).pixels[0, 0].tolist() == [1, 2, 3, 0]
    gray = PillowImage.new("L", (2, 1), 9)
    assert read(encoded(gray, "PNG", transparency=9)).pixels[0, 0].tolist() == [9, 0]


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_other_colour_models_become_rgb(mode: str, rgb: Image) -> None:
    pillow = rgb.to_pillow().convert(mode)
    image = read(encoded(pillow, "TIFF"))
    assert image.mode == "RGB"
    assert np.abs(image.pixels.astype(int) - rgb.pixels).mean() < 3


def test_cmyk_jpeg(rgb: Image) -> None:
    image = read(encoded(rgb.to_pillow().convert("CMYK"), "JPEG", quality=98, subsampling=0))
    assert image.mode == "RGB"
    assert np.abs(image.pixels.astype(int) - rgb.pixels).mean() < 4


@pytest.mark.parametrize("ending", ["png", "tif", "webp", "jp2"])
@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_round_trips(tmp_path: Path, ending: str, channels: int) -> None:
    image = Image(np.random.default_rng(0).integers(0, 256, (9, 7, channels), np.uint8))
    path = tmp_path / f"a.{ending}"
    write(image, path)
    back = read(path)
    if ending == "webp" and channels == 2:  # WebP has no gray
        back = Image(back.pixels[:, :, [0, 3]])
    assert back == image


@pytest.mark.parametrize("ending", ["jpg", "bmp", "ppm"])
def test_formats_without_alpha_refuse_it(tmp_path: Path, ending: str) -> None:
    with pytest.raises(UnsupportedError, match="no alpha"):
        write(Image(np.zeros((4, 4, 4), np.uint8)), tmp_path / f"a.{ending}")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_round_trip(tmp_path: Path, ending: str, channels: int) -> None:
    image = deep(9, 7, channels, 16)
    path = tmp_path / f"a.{ending}"
    if (ending, channels) == ("tif", 2):
        with pytest.raises(UnsupportedError, match="16-bit LA"):
            write(image, path)
        return
    write(image, path)
    assert read(path) == image


@pytest.mark.parametrize("depth", [9, 10, 12, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_ppm_keeps_any_depth(tmp_path: Path, depth: int, channels: int) -> None:
    image = deep(5, 8, channels, depth)
    write(image, tmp_path / "a.ppm")
    assert read(tmp_path / "a.ppm") == image
    back = PillowImage.open(tmp_path / "a.ppm") if channels == 1 else None
    if back is not None:  # Pillow stretches to 16 bits
        assert np.array_equal(np.asarray(back), image.to_depth(16).pixels[:, :, 0])


def test_ppm_with_an_odd_maximum_is_stretched() -> None:
    data = b"P5 # a comment\n3 1\n1000\n" + struct.pack(">3H", 0, 500, 1000)
    image = read(io.BytesIO(data))
    assert image.bit_depth == 16
    assert image.pixels.ravel().tolist() == [0, 32768, 65535]


@pytest.mark.parametrize(
    "data", [b"P6 2 2 1023\n" + bytes(23), b"P5 1 1 300\n\xff\xff", b"P5 1000000 1000000 1023\n\0"]
)
def test_damaged_deep_ppm_is_refused(data: bytes) -> None:
    with pytest.raises(LatentPressError, match=r"PPM|limits"):
        read(io.BytesIO(data))


@pytest.mark.parametrize("ending", ["jpg", "bmp", "webp", "avif"])
def test_formats_of_eight_bits_refuse_more(tmp_path: Path, ending: str) -> None:
    with pytest.raises(UnsupportedError, match="cannot hold 16-bit RGB"):
        write(deep(4, 4, 3, 16), tmp_path / f"a.{ending}")


def test_cut_deep_png_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write(deep(40, 40, 3, 16), path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InvalidInputError, match=r"a\.png: .*(damaged|truncated)"):
        read(path)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "avif", "tif"])
def test_metadata_round_trip(rgb: Image, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    write(rgb.with_metadata(Metadata(SRGB, exif_bytes(), XMP if ending != "tif" else b"")), path)
    back = read(path).metadata
    assert back.icc == SRGB
    found = PillowImage.Exif()
    found.load(back.exif)
    assert found[0x010F] == "A camera"
    if ending != "tif":
        assert back.xmp == XMP


def test_metadata_of_deep_png(tmp_path: Path) -> None:
    image = deep(6, 5, 3, 16).with_metadata(Metadata(SRGB, exif_bytes(), XMP))
    write(image, tmp_path / "a.png")
    back = read(tmp_path / "a.png")
    assert back == image
    assert back.metadata == image.metadata


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_made_normal(rgb: Image, tmp_path: Path, orientation: int) -> None:
    """Deep files, which we turn ourselves, come out as Pillow turns the others."""
    plain = read(encoded(rgb.to_pillow(), "PNG", exif=exif_bytes(orientation)))
    for image in (plain, _deep_with(rgb, orientation, tmp_path)):
        found = PillowImage.Exif()
        found.load(image.metadata.exif)
        assert found.get(0x0112, 1) == 1
        assert found[0x010F] == "A camera"
        assert np.array_equal(image.to_depth(8).pixels, plain.pixels)
    assert (plain.width, plain.height) == ((65, 63) if orientation < 5 else (63, 65))


def _deep_with(rgb: Image, orientation: int, tmp_path: Path) -> Image:
    write(rgb.to_depth(16).with_metadata(Metadata(exif=exif_bytes(orientation))), tmp_path / "deep.png")
    return read(tmp_path / "deep.png")


def test_metadata_must_be_bytes() -> None:
    with pytest.raises(InvalidInputError, match="icc must be bytes"):
        Metadata(icc="sRGB")  # type: ignore[arg-type]
