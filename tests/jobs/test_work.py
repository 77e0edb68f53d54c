"""What is done with each file: the same as the library's own functions do."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress import limits
from latentpress.errors import CorruptFileError, InvalidInputError, LimitError, UnsupportedError
from latentpress.image import Image, Metadata, read, write
from latentpress.image.standardise import Standard
from latentpress.jobs import Compress, Decompress, Standardise, Work


@pytest.fixture
def photo(tmp_path: Path, rgb: Image) -> Path:
    path = tmp_path / "photo.png"
    write(rgb.with_metadata(Metadata(icc=b"profile" * 30)), path)
    return path


def test_compress_is_compress(photo: Path) -> None:
    expected = latentpress.compress(photo, codec=latentpress.get_codec("hyperprior", threads=1))
    work = Compress()
    work.check()
    made = work(str(photo))
    assert made.data == expected
    assert (made.psnr, made.warnings) == (None, ())
    assert work(io.BytesIO(photo.read_bytes())).data == expected


def test_targets_strip_and_verify(photo: Path, rgb: Image) -> None:
    made = Compress(size=1500.0, strip=True, verify=True)(str(photo))
    assert len(made.data) <= 1500
    assert not any(chunk.name == "colour profile" for chunk in latentpress.inspect(made.data).chunks)
    restored = latentpress.decompress(made.data)
    error = np.square(rgb.pixels.astype(float) - restored.pixels).mean()
    assert made.psnr == pytest.approx(10 * np.log10(255**2 / error), abs=0.05)
    assert Compress(codec="plain", verify=True)(str(photo)).psnr == float("inf")


def test_lossless_and_near_lossless(photo: Path, rgb: Image) -> None:
    if not latentpress.codecs.codec_class("mlp-lossless").models():
        pytest.skip("its model is not installed")
    made = Compress(lossless=True)(str(photo))
    assert latentpress.decompress(made.data) == rgb
    work = Compress(max_error=2)
    work.check()
    assert work.settings()["max_error"] == 2
    made = work(str(photo))
    assert 0 < np.abs(latentpress.decompress(made.data).pixels.astype(int) - rgb.pixels).max() <= 2


def test_decompress_is_decompress(photo: Path, rgb: Image) -> None:
    packed = photo.with_suffix(".lpx")
    packed.write_bytes(latentpress.compress(photo, codec="plain"))
    for source in (str(packed), io.BytesIO(packed.read_bytes())):
        made = Decompress("webp")(source)
        assert made.data[8:12] == b"WEBP"
        assert read(io.BytesIO(made.data)) == rgb
    with pytest.raises(CorruptFileError):
        Decompress()(io.BytesIO(packed.read_bytes()[:50]))


def test_standardise(photo: Path) -> None:
    made = Standardise(Standard(20, 10, colour="gray"), "ppm")(str(photo))
    assert made.data.startswith(b"P5\n20 10\n")


def test_first_frames_are_warned_of(tmp_path: Path, rgb: Image) -> None:
    frames = [rgb.to_pillow(), rgb.to_pillow().rotate(90)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    made = Compress(codec="plain")(str(tmp_path / "a.gif"))
    assert made.warnings == (f"{tmp_path / 'a.gif'}: only the first of 2 frames is read",)


def test_limits_travel_with_the_work(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PIXELS", 1000)
    work = Compress(codec="plain")
    assert work.max_pixels == 1000
    monkeypatch.setattr(limits, "MAX_PIXELS", 2**28)  # a worker's own
    with pytest.raises(LimitError):
        work(str(photo))


@pytest.mark.parametrize(
    ("work", "settings"),
    [
        (
            Compress("plain"),
            {"codec": "plain", "model": "", "quality": 50.0, "effort": 1, "tune": "mse", "strip": False},
        ),
        (
            Compress("plain", bpp=0.5, effort=3, strip=True),
            {"codec": "plain", "model": "", "bpp": 0.5, "effort": 3, "tune": "mse", "strip": True},
        ),
        (Decompress(".TIF"), {"format": "tif"}),
        (
            Standardise(Standard(8, 9, fit="pad", background="#123")),
            {
                "width": 8, "height": 9, "max_side": None, "fit": "pad", "colour": "rgb", "background": "#123",
                "format": "png",
            },
        ),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_settings_say_what_results_depend_on(work: Work, settings: dict[str, object]) -> None:
    assert json.loads(json.dumps(work.settings())) == settings
    assert pickle.loads(pickle.dumps(work)) == work


def test_the_model_is_part_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from latentpress.models import find_model

    package = find_model("hyperprior")
    by_default = Compress()
    by_path = Compress(model=str(Path(latentpress.__file__).parent / "models" / package.name))
    assert by_default.settings()["model"] == by_path.settings()["model"] == package.id.hex()
    monkeypatch.chdir(Path(latentpress.__file__).parent / "models")
    relative = Compress(model=f"./{package.name}")
    monkeypatch.chdir(tmp_path)
    assert relative.settings()["model"] == package.id.hex()


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Compress("none"), UnsupportedError, "no codec 'none'"),
        (lambda: Compress(model="none"), UnsupportedError, "none"),
        (lambda: Compress(quality=101.0), InvalidInputError, "quality"),
        (lambda: Compress(bpp=1.0, psnr=30.0), InvalidInputError, "one of bpp, psnr"),
        (lambda: Compress(ms_ssim=1.5), InvalidInputError, "MS-SSIM"),
        (lambda: Compress("plain", bpp=1.0), InvalidInputError, "lossless"),
        (lambda: Compress(lossless=True, bpp=1.0), InvalidInputError, "lossless"),
        (lambda: Compress(lossless=True, quality=5.0), InvalidInputError, "lossless"),
        (lambda: Compress("hyperprior", lossless=True), InvalidInputError, "lossless"),
        (lambda: Decompress("gif"), InvalidInputError, "GIF"),
        (lambda: Standardise(Standard(), "xyz"), InvalidInputError, "xyz"),
    ],
)
def test_impossible_settings_are_found_at_once(make: Callable[[], Work], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make().check()
