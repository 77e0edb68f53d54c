"""The codec for JPEG files: the very bytes come back, from fewer."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from latentpress import container
from latentpress.codecs.jpeg import CutJpegWarning, read_jpeg
from latentpress.container import STREAM, Chunk
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError, UnsupportedError
from latentpress.image import Image
from latentpress.systems.jpeg import coding
from latentpress.systems.jpeg.codec import JpegCodec
from latentpress.systems.jpeg.grid import levels
from latentpress.systems.jpeg.headers import pack_bytes, unpack_bytes

from ...conftest import EXAMPLE


def saved(width: int = 120, height: int = 90, mode: str = "RGB", **settings: Any) -> bytes:
    """A part of a photograph as JPEG."""
    buffer = io.BytesIO()
    with PillowImage.open(EXAMPLE) as photo:
        photo.convert(mode).crop((200, 100, 200 + width, 100 + height)).save(buffer, "JPEG", **settings)
    return buffer.getvalue()


def method(data: bytes) -> int:
    return container.read_header(data).rate


@pytest.mark.parametrize("quality", [10, 60, 95])
@pytest.mark.parametrize(
    "settings", [{}, {"progressive": True, "subsampling": 0}, {"restart_marker_blocks": 5}], ids=str
)
def test_the_bytes_come_back_from_fewer(quality: int, settings: dict[str, Any]) -> None:
    codec, data = JpegCodec(), saved(quality=quality, **settings)
    file = codec.encode_file(data)
    assert method(file) == 1
    assert codec.decode_file(file) == data
    assert len(file) < 0.87 * len(data)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (16, 8), (65, 63)])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_any_size_and_mode(size: tuple[int, int], mode: str) -> None:
    codec, data = JpegCodec(), saved(*size, mode=mode, quality=80)
    assert codec.decode_file(codec.encode_file(data)) == data


def test_pixels_are_those_of_the_file() -> None:
    codec, data = JpegCodec(), saved(quality=75)
    image = codec.decode(codec.encode_file(data))
    assert np.array_equal(image.pixels, np.asarray(PillowImage.open(io.BytesIO(data))))


def test_a_turned_picture_has_its_size_as_shown() -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    codec, data = JpegCodec(), saved(100, 60, exif=exif)
    file = codec.encode_file(data)
    header = container.read_header(file)
    assert (header.width, header.height) == (60, 100)
    assert codec.decode(file).pixels.shape == (100, 60, 3)
    assert codec.decode_file(file) == data


def test_bands_and_threads_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(100, 64)
    whole = JpegCodec().encode_file(data)
    monkeypatch.setattr(coding, "_BAND", 60)
    single, several = JpegCodec(threads=1), JpegCodec(threads=3)
    file = single.encode_file(data)
    assert file != whole
    assert several.encode_file(data) == file
    assert several.decode_file(file) == data


def test_what_is_not_taken_apart_is_stored() -> None:
    codec, data = JpegCodec(), saved()
    cut = data[:-200]  # a picture that other programs show
    with pytest.warns(CutJpegWarning, match="cut short; it is kept as it is"):
        file = codec.encode_file(cut)
    assert method(file) == 0
    assert codec.decode_file(file) == cut
    with pytest.raises(CorruptFileError, match="cannot be decoded"):
        codec.decode(file)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + bytes(50), b"GIF89a" + bytes(50)])
def test_what_is_no_jpeg_file_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="JPEG"):
        JpegCodec().encode_file(data)


def test_damaged_files_are_kept_as_they_are_or_refused() -> None:
    rng = np.random.default_rng(1)
    codec, whole = JpegCodec(), saved(40, 30, quality=70)
    for _ in range(30):
        data = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(2, len(data))] = rng.integers(256)
        try:
            file = codec.encode_file(bytes(data))
        except LatentPressError:
            continue
        assert codec.decode_file(file) == bytes(data)


def test_damaged_streams_are_noticed() -> None:
    """With right checksums of the container, so that nothing else notices."""
    rng = np.random.default_rng(2)
    codec, data = JpegCodec(), saved(40, 30, progressive=True)
    header, (chunk,) = container.read(codec.encode_file(data))
    for _ in range(30):
        payload = bytearray(chunk.payload)
        payload[rng.integers(len(payload) if rng.random() < 0.5 else 80)] ^= 1 << rng.integers(8)
        with pytest.raises(LatentPressError):
            codec.decode_file(container.write(header, [Chunk(STREAM, bytes(payload))]))


def test_pictures_are_saved_as_jpeg_first(rgb: Image) -> None:
    codec = JpegCodec()
    small, large = (codec.encode(rgb, quality) for quality in (20, 90))
    assert len(small) < len(large)
    restored = codec.decode(large)
    assert restored.pixels.shape == rgb.pixels.shape
    assert np.abs(restored.pixels.astype(int) - rgb.pixels).mean() < 4
    assert read_jpeg(codec.decode_file(large)).frame.width == rgb.width


def test_alpha_of_pictures_is_exact(picture: Any) -> None:
    image = picture(40, 30, 4)
    file = JpegCodec().encode(image)
    assert np.array_equal(JpegCodec().decode(file).pixels[:, :, 3], image.pixels[:, :, 3])
    with pytest.raises(UnsupportedError, match="no JPEG file"):
        JpegCodec().decode_file(file)


def test_every_block_is_in_one_level_and_sees_only_earlier_ones() -> None:
    rows, columns = 7, 9
    seen: set[int] = set()
    for level in levels(rows, columns):
        assert {n for n in level.near.ravel().tolist() if n < rows * columns} <= seen
        assert not seen & set(level.blocks.tolist())
        seen |= set(level.blocks.tolist())
    assert seen == set(range(rows * columns))


def test_usual_headers_take_next_to_nothing() -> None:
    rest = read_jpeg(saved(quality=90)).rest
    packed = pack_bytes(rest)
    assert unpack_bytes(packed) == rest
    assert len(rest) > 600
    assert len(packed) < 30
