"""Reading and writing picture files."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from latentpress import limits
from latentpress.errors import InvalidInputError, LatentPressError, LimitError
from latentpress.image import FirstFrameWarning, Image, read, write

LOSSLESS = {"WEBP": {"lossless": True}}


class Pipe(io.RawIOBase):
    """A stream that can only be read from front to back, like standard input."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(size)

    def seekable(self) -> bool:
        return False


def encoded(pillow: PillowImage.Image, format: str, **settings: Any) -> bytes:
    stream = io.BytesIO()
    pillow.save(stream, format, **settings)
    return stream.getvalue()


def png(width: int, height: int, depth: int, colour: int, data: bytes) -> bytes:
    """A PNG put together by hand, for what Pillow does not write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "TIFF", "webp", "ppm", "jp2"])
def test_lossless_formats_round_trip(rgb: Image, gray: Image, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    write(rgb, path)
    assert read(path) == rgb
    write(gray, path)
    back = read(path)
    # WebP has no gray: it comes back as RGB with three equal channels.
    assert back == gray if ending != "webp" else np.array_equal(back.pixels[..., :1], gray.pixels)


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "avif"])
def test_lossy_formats_stay_close(rgb: Image, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    write(rgb, path)
    back = read(path)
    assert back.pixels.shape == rgb.pixels.shape
    assert np.abs(back.pixels.astype(int) - rgb.pixels.astype(int)).mean() < 3


def test_streams(rgb: Image) -> None:
    stream = io.BytesIO()
    write(rgb, stream)
    assert stream.getvalue().startswith(b"\x89PNG")
    assert read(io.BytesIO(stream.getvalue())) == rgb
    assert read(Pipe(stream.getvalue())) == rgb
    stream = io.BytesIO()
    write(rgb, stream, format="ppm")
    assert stream.getvalue().startswith(b"P6")


def test_format_overrides_the_ending(rgb: Image, tmp_path: Path) -> None:
    write(rgb, tmp_path / "a.dat", format="png")
    assert read(tmp_path / "a.dat") == rgb


@pytest.mark.parametrize("name", ["a.gif", "a.pdf", "a.xyz", "a", "a.lpx"])
def test_other_endings_are_refused_and_leave_no_file(rgb: Image, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInputError, match="use one of"):
        write(rgb, tmp_path / name)
    assert not any(tmp_path.iterdir())


def test_unknown_format_is_refused(rgb: Image) -> None:
    with pytest.raises(InvalidInputError, match="the format 'gif'"):
        write(rgb, io.BytesIO(), format="gif")


def test_picture_too_large_for_the_format_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    path.write_bytes(b"old")
    wide = Image.from_array(np.zeros((1, 16384), np.uint8))
    with pytest.raises(LatentPressError, match=r"cannot write .*a\.webp as WEBP"):
        write(wide, path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.webp"]


def test_exif_orientation_is_applied(rgb: Image) -> None:
    pillow = rgb.to_pillow()
    exif = PillowImage.Exif()
    exif[0x0112] = 6  # turned by 90 degrees: show it clockwise
    turned = read(io.BytesIO(encoded(pillow, "PNG", exif=exif)))
    assert np.array_equal(turned.pixels, np.rot90(rgb.pixels, -1))


def test_multi_picture_jpeg_gives_its_photograph(rgb: Image) -> None:
    pillow = rgb.to_pillow()
    data = encoded(pillow, "MPO", save_all=True, append_images=[pillow.resize((8, 8))])
    with pytest.warns(FirstFrameWarning, match="first of 2"):
        image = read(io.BytesIO(data))
    assert (image.width, image.height) == (65, 63)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_an_animation_is_read_with_a_warning(rgb: Image, format: str) -> None:
    frames = [rgb.to_pillow(), rgb.to_pillow().rotate(90)]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:], **LOSSLESS.get(format, {}))
    with pytest.warns(FirstFrameWarning, match="only the first of 2 frames"):
        image = read(io.BytesIO(data))
    if format != "GIF":
        assert np.array_equal(image.pixels[..., :3], rgb.pixels)


def test_huge_pictures_hit_the_limit_before_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LimitError, match="limits are"):
        read(io.BytesIO(png(2**20, 2**20, 8, 2, b"")))
    monkeypatch.setattr(limits, "MAX_PIXELS", 100)
    with pytest.raises(LimitError, match="100 pixels in all"):
        read(io.BytesIO(encoded(PillowImage.new("L", (11, 11)), "PNG")))


def test_pillows_own_limit_does_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PillowImage, "MAX_IMAGE_PIXELS", 10)
    assert read(io.BytesIO(encoded(PillowImage.new("L", (11, 11)), "PNG"))).width == 11
    assert PillowImage.MAX_IMAGE_PIXELS == 10


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"cannot read .*none\.png: No such file"):
        read(tmp_path / "none.png")
    with pytest.raises(InvalidInputError, match="cannot read"):
        read(tmp_path)


@pytest.mark.parametrize("data", [b"", b"not a picture", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"])
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="not a picture file"):
        read(io.BytesIO(data))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000"])
def test_cut_files_are_refused_in_one_line(rgb: Image, format: str) -> None:
    data = encoded(rgb.to_pillow(), format)
    for length in range(0, len(data) - 64, max(1, len(data) // 40)):
        try:
            read(io.BytesIO(data[:length]))
        except LatentPressError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            pytest.fail(f"a {format} file cut at {length} of {len(data)} bytes was read")
