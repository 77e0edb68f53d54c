"""16-bit colour in PNG and TIFF, read and written with Pillow's own parts, held against other implementations."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress.errors import InvalidInputError, MissingExtraError, UnsupportedError
from latentpress.image import Image, Metadata, read, read_frames, write
from latentpress.image.display import density_block, png_chunk

RNG = np.random.default_rng(7)
NOISE = RNG.integers(0, 2**16, (23, 31, 4), np.uint16)
SMOOTH = np.cumsum(RNG.integers(0, 20, (150, 40, 4)), axis=0).astype(np.uint16)  # more rows than are filtered at a time
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # Adam7
TYPES = {2: 4, 3: 2, 4: 6}


def file_of(image: Image, format: str) -> bytes:
    stream = io.BytesIO()
    write(image, stream, format)
    return stream.getvalue()


def interlaced(pixels: NDArray[np.uint16], transparent: bytes = b"") -> bytes:
    """A PNG file in seven passes, rows unfiltered."""
    height, width, channels = pixels.shape
    rows = b""
    for x, y, across, down in PASSES:
        for row in pixels[y::down, x::across]:
            rows += b"\0" + row.astype(">u2").tobytes() if row.size else b""
    head = struct.pack(">IIBBBBB", width, height, 16, TYPES[channels], 0, 0, 1)
    extra = png_chunk(b"tRNS", transparent) if transparent else b""
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + extra + png_chunk(b"IDAT", zlib.compress(rows))


@pytest.mark.parametrize("pixels", [NOISE, SMOOTH], ids=["noise", "smooth"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_what_is_written_is_read_by_others(pixels: NDArray[np.uint16], channels: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    image = Image(pixels[:, :, :channels])
    data = file_of(image, "PNG")
    assert np.array_equal(imagecodecs.png_decode(data).reshape(image.pixels.shape), image.pixels)
    if pixels is SMOOTH:
        assert len(data) < image.pixels.nbytes / 1.7, "the filters do nothing"
    if channels != 2:
        data = file_of(image, "TIFF")
        assert np.array_equal(imagecodecs.tiff_decode(data).reshape(image.pixels.shape), image.pixels)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_interlaced_png(channels: int) -> None:
    assert np.array_equal(read(io.BytesIO(interlaced(NOISE[:, :, :channels]))).pixels, NOISE[:, :, :channels])


def test_a_transparent_colour_becomes_alpha() -> None:
    pixels = NOISE[:, :, :3].copy()
    pixels[3, 4] = pixels[5, 6] = (1, 2, 3)
    image = read(io.BytesIO(interlaced(pixels, struct.pack(">3H", 1, 2, 3))))
    assert np.array_equal(image.pixels[:, :, :3], pixels)
    assert np.argwhere(image.pixels[:, :, 3] == 0).tolist() == [[3, 4], [5, 6]]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("how", [{}, {"compression": "lzw", "predictor": True}, {"tile": (16, 16)}, {"planar": 1}])
@pytest.mark.parametrize("channels", [3, 4])
def test_tiff_files_of_others(order: Any, how: dict[str, Any], channels: int) -> None:
    tifffile = pytest.importorskip("tifffile")
    pixels, planar = NOISE[:, :, :channels], "planar" in how
    stream = io.BytesIO()
    tifffile.imwrite(
        stream, pixels.transpose(2, 0, 1) if planar else pixels, byteorder=order, photometric="rgb",
        planarconfig="separate" if planar else "contig", extrasamples=["unassalpha"] if channels == 4 else None,
        **{name: value for name, value in how.items() if name != "planar"},
    )  # fmt: skip
    assert np.array_equal(read(stream).pixels, pixels)


def test_multiplied_colours_are_divided_and_cmyk_is_refused() -> None:
    tifffile = pytest.importorskip("tifffile")
    pixels = np.full((4, 5, 4), (10000, 20000, 30000, 40000), np.uint16)
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, photometric="rgb", extrasamples=["assocalpha"])
    assert read(stream).pixels[0, 0].tolist() == [16384, 32768, 49151, 40000]
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, photometric="separated")
    with pytest.raises(UnsupportedError, match="16-bit CMYK in TIFF"):
        read(stream)


def test_planes_apart_without_the_extra_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    tifffile = pytest.importorskip("tifffile")
    stream = io.BytesIO()
    tifffile.imwrite(stream, NOISE[:, :, :3].transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    monkeypatch.setitem(__import__("sys").modules, "imagecodecs", None)
    with pytest.raises(MissingExtraError, match=r"\[deep\]"):
        read(stream)


def test_metadata_of_deep_tiff() -> None:
    exif = PillowImage.Exif()
    exif[0x010F] = "A camera"
    kept = Metadata(exif=exif.tobytes(), icc=b"a profile", display=density_block((300, 300)))
    back = read(io.BytesIO(file_of(Image(NOISE[:, :, :3], metadata=kept), "TIFF")))
    assert back.metadata.icc == kept.icc
    assert back.metadata.display == kept.display
    assert b"A camera" in back.metadata.exif


def test_pages_of_deep_tiff() -> None:
    tifffile = pytest.importorskip("tifffile")
    stream = io.BytesIO()
    pages = [np.ascontiguousarray(NOISE[: 9 + number, :, :3]) for number in range(3)]
    with tifffile.TiffWriter(stream) as writer:
        for page in pages:
            writer.write(page, photometric="rgb")
    found = list(read_frames(stream))
    assert len(found) == 3
    assert all(np.array_equal(image.pixels, page) for image, page in zip(found, pages, strict=True))


def test_heic(monkeypatch: pytest.MonkeyPatch, rgb: Image) -> None:
    heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    exif = PillowImage.Exif()
    exif[0x0112], exif[0x010F] = 6, "A camera"
    heif.from_pillow(rgb.to_pillow()).save(stream, quality=-1, chroma=444, matrix_coefficients=0, exif=exif.tobytes())
    image = read(stream)
    assert np.abs(image.pixels.astype(int) - np.rot90(rgb.pixels, -1)).max() <= 1
    kept = PillowImage.Exif()
    kept.load(image.metadata.exif)
    assert (kept.get(0x0112, 1), kept[0x010F]) == (1, "A camera")

    deep = (np.arange(64 * 64 * 3, dtype=np.uint32) % 1024 * 64).astype(np.uint16).reshape(64, 64, 3)
    stream = io.BytesIO()
    heif.from_bytes("RGB;16", (64, 64), deep.tobytes()).save(stream, quality=-1, chroma=444, matrix_coefficients=0)
    image = read(stream)
    assert image.bit_depth == 10
    assert np.array_equal(image.pixels, deep >> 6)
    with pytest.raises(InvalidInputError, match="cannot read the input"):
        read(io.BytesIO(stream.getvalue()[:200]))
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"HEIC pictures .*\[heif\]"):
        read(io.BytesIO(stream.getvalue()))
