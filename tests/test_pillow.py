"""Pillow opens and saves .lpx files, by the rules of its plugins."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

import latentpress
import latentpress.pillow
from latentpress.image import Image, Metadata
from latentpress.systems.hyperprior.codec import HyperpriorCodec


@pytest.fixture
def picture() -> PillowImage.Image:
    with PillowImage.open(Path(__file__).parents[1] / "examples" / "macaws.png") as whole:
        return whole.crop((200, 100, 328, 196))


def saved(picture: PillowImage.Image, **options: object) -> io.BytesIO:
    stream = io.BytesIO()
    picture.save(stream, "LPX", **options)
    return io.BytesIO(stream.getvalue())


def test_round_trip_by_ending(picture: PillowImage.Image, tmp_path: Path) -> None:
    path = tmp_path / "a.lpx"
    picture.save(path, quality=90)
    with PillowImage.open(path) as back:
        assert (back.format, back.mode, back.size) == ("LPX", "RGB", picture.size)
        assert back.get_format_mimetype() == "image/x-latentpress"
        error = np.asarray(back).astype(int) - np.asarray(picture)
    assert np.abs(error).mean() < 3
    assert np.array_equal(np.asarray(PillowImage.open(path)), latentpress.decompress(path.read_bytes()).pixels)


@pytest.mark.parametrize(
    ("mode", "comes_back"),
    [("L", "L"), ("LA", "LA"), ("RGB", "RGB"), ("RGBA", "RGBA"), ("P", "RGB"), ("1", "L"), ("CMYK", "RGB")],
)
def test_modes(picture: PillowImage.Image, mode: str, comes_back: str) -> None:
    rgba = picture.convert("RGBA")
    rgba.putalpha(picture.convert("L"))
    source = rgba if mode == "RGBA" else rgba.convert("LA") if mode == "LA" else picture.convert(mode)
    with PillowImage.open(saved(source)) as back:
        assert back.mode == comes_back
        back.load()
        if "A" in comes_back:
            assert np.array_equal(np.asarray(back)[:, :, -1], np.asarray(source)[:, :, -1])


def test_sixteen_bits(picture: PillowImage.Image) -> None:
    deep = Image.from_array(np.asarray(picture.convert("L"))).to_depth(16)
    with PillowImage.open(saved(deep.to_pillow(), quality=95)) as back:
        assert (back.mode, back.info["bit_depth"]) == ("I;16", 16)
        assert np.abs(np.asarray(back).astype(int) - deep.pixels[:, :, 0]).mean() < 700
    colour = latentpress.compress(Image(np.asarray(picture)).to_depth(12))
    with PillowImage.open(io.BytesIO(colour)) as back:
        assert (back.mode, back.info["bit_depth"]) == ("RGB", 12)
        assert np.asarray(back).dtype == np.uint8


def test_opening_decodes_nothing(picture: PillowImage.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(picture, icc_profile=b"profile")
    monkeypatch.setattr(HyperpriorCodec, "decode", lambda self, data: pytest.fail("decoded"))
    with PillowImage.open(data) as back:
        assert back.size == picture.size
        assert back.info["icc_profile"] == b"profile"


def test_metadata_travel_and_can_be_changed(picture: PillowImage.Image) -> None:
    exif = PillowImage.Exif()
    exif[0x010F] = "A camera"
    first = PillowImage.open(saved(picture, icc_profile=b"profile", exif=exif, xmp=b"<x/>"))
    assert first.getexif()[0x010F] == "A camera"
    assert first.info["xmp"] == b"<x/>"
    again = PillowImage.open(saved(first))
    assert latentpress.decompress(saved(first).getvalue()).metadata == Metadata(b"profile", exif.tobytes()[6:], b"<x/>")
    assert again.info["icc_profile"] == b"profile"
    bare = PillowImage.open(saved(first, icc_profile=None, exif=b"", xmp=None))
    assert not {"icc_profile", "exif", "xmp"} & set(bare.info)


def test_options_are_those_of_compress(picture: PillowImage.Image) -> None:
    assert len(saved(picture, size=1500).getvalue()) <= 1500
    assert len(saved(picture, quality=10).getvalue()) < len(saved(picture, quality=80).getvalue())
    assert 8 * len(saved(picture, bpp=0.8).getvalue()) / (128 * 96) == pytest.approx(0.8, rel=0.03)
    with pytest.raises(ValueError, match="quality"):
        saved(picture, quality=200)
    with pytest.raises(ValueError, match="one of"):
        saved(picture, quality=20, bpp=1)
    small = picture.crop((0, 0, 40, 30))
    pixels = np.asarray(small)
    assert np.array_equal(np.asarray(PillowImage.open(saved(small, lossless=True))), pixels)
    near = np.asarray(PillowImage.open(saved(small, max_error=2))).astype(int) - pixels
    assert 0 < np.abs(near).max() <= 2
    for option in ({"tune": "ms-ssim"}, {"roi": [(0, 0, 40, 40)]}, {"codec": "importance-map"}):
        data = saved(picture, **option).getvalue()
        assert data == latentpress.compress(picture, **option) != saved(picture).getvalue()  # type: ignore[arg-type]
    with pytest.raises(OSError, match="cannot write mode F as LPX"):
        saved(picture.convert("F"))


def test_options_are_honoured_or_refused(picture: PillowImage.Image) -> None:
    assert saved(picture, optimize=True, progressive=True, dpi=(72, 72)).getvalue() == saved(picture).getvalue()
    with pytest.raises(ValueError, match="no setting 'qualty'"):
        saved(picture, qualty=30)
    with pytest.raises(ValueError, match="lossless goes with no tune"):
        saved(picture, lossless=True, tune="mse")
    with pytest.raises(ValueError, match="goes with no quality"):
        saved(picture, lossless=True, quality=30)
    with pytest.raises(ValueError, match="LPX holds one picture, not 3 frames"):
        saved(picture, save_all=True, append_images=[picture, picture])
    assert saved(picture, save_all=True).getvalue() == saved(picture).getvalue()


def test_foreign_data_are_left_to_others() -> None:
    with pytest.raises(SyntaxError):
        latentpress.pillow.LpxImageFile(io.BytesIO(b"not at all an .lpx file, but long enough to be read"))
    with pytest.raises(UnidentifiedImageError):
        PillowImage.open(io.BytesIO(b"\x8fLPX\r\n"))


def test_cut_files_never_give_pixels(picture: PillowImage.Image) -> None:
    data = saved(picture, quality=5, exif=b"MM\0*" + bytes(50)).getvalue()
    for end in range(len(data)):
        with pytest.raises((OSError, SyntaxError)):  # UnidentifiedImageError is an OSError
            PillowImage.open(io.BytesIO(data[:end])).load()
    damaged = bytearray(data)
    damaged[-3] ^= 4
    with pytest.raises(OSError, match="damaged"):
        PillowImage.open(io.BytesIO(bytes(damaged))).load()


def test_newer_and_gigantic_files_say_why(picture: PillowImage.Image) -> None:
    data = bytearray(saved(picture).getvalue())
    data[6] = 0x20
    with pytest.raises(OSError, match=r"version 2\.0 is not supported"):
        PillowImage.open(io.BytesIO(bytes(data)))


def test_verify_copy_and_thumbnail_work(picture: PillowImage.Image, tmp_path: Path) -> None:
    path = tmp_path / "a.lpx"
    picture.save(path)
    with PillowImage.open(path) as back:
        back.verify()
    with PillowImage.open(path) as back:
        assert back.copy().size == picture.size
        back.thumbnail((32, 32))
        assert back.size == (32, 24)


def test_imageio_goes_through_pillow(picture: PillowImage.Image, tmp_path: Path) -> None:
    iio = pytest.importorskip("imageio.v3")
    path = tmp_path / "a.lpx"
    iio.imwrite(path, np.asarray(picture), plugin="pillow", extension=".lpx", quality=70)
    assert iio.imread(path, plugin="pillow").shape == (96, 128, 3)


def test_nothing_is_registered_without_the_import() -> None:
    code = "import latentpress; from PIL import Image; Image.init(); assert '.lpx' not in Image.registered_extensions()"
    subprocess.run([sys.executable, "-c", code], check=True)
