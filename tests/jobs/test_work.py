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
from latentpress.codecs.settings import Settings
from latentpress.errors import CorruptFileError, InvalidInputError, LimitError, UnsupportedError
from latentpress.image import Image, Metadata, read, write
from latentpress.image.standardise import Standard
from latentpress.jobs import Compress, Decompress, Restore, Standardise, Work
from latentpress.models import find_model


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
    made = Compress(Settings(size=1500.0), strip=True, verify=True)(str(photo))
    assert len(made.data) <= 1500
    assert not any(chunk.name == "colour profile" for chunk in latentpress.inspect(made.data).chunks)
    restored = latentpress.decompress(made.data)
    error = np.square(rgb.pixels.astype(float) - restored.pixels).mean()
    assert made.psnr == pytest.approx(10 * np.log10(255**2 / error), abs=0.05)
    assert Compress(Settings(codec="plain"), verify=True)(str(photo)).psnr == float("inf")


def test_lossless_and_near_lossless(photo: Path, rgb: Image) -> None:
    if not latentpress.codecs.codec_class("mlp-lossless").models():
        pytest.skip("its model is not installed")
    made = Compress(Settings(lossless=True))(str(photo))
    assert latentpress.decompress(made.data) == rgb
    work = Compress(Settings(max_error=2))
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
    made = Compress(Settings(codec="plain"))(str(tmp_path / "a.gif"))
    assert made.warnings == (f"{tmp_path / 'a.gif'}: only the first of 2 frames is read; compress --frames takes all",)


def test_limits_travel_with_the_work(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PIXELS", 1000)
    work = Compress(Settings(codec="plain"))
    assert work.max_pixels == 1000
    monkeypatch.setattr(limits, "MAX_PIXELS", 2**28)  # a worker's own
    with pytest.raises(LimitError):
        work(str(photo))


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (
            lambda: Compress(Settings(codec="plain")),
            {"codec": "plain", "model": "", "strip": False},
        ),
        (
            lambda: Compress(Settings.of(codec="hyperprior", bpp=0.5, effort=3, threads=2), strip=True),
            {
                "codec": "hyperprior", "model": find_model("hyperprior").id.hex(), "bpp": 0.5, "engine": "onnx",
                "dtype": "float32", "effort": 3, "tune": "mse", "strip": True,
            },
        ),
        (lambda: Decompress(".TIF"), {"format": "tif"}),
        (lambda: Decompress(preview=True), {"format": "png", "painter": "preview"}),
        (lambda: Decompress(look=0.5), {"format": "png", "painter": "sharp", "look": 0.5}),
        (
            lambda: Restore(strength=0.5),
            {
                "model": find_model("restore").id.hex(), "strength": 0.5, "quality": None, "project": None,
                "format": "png",
            },
        ),
        (
            lambda: Standardise(Standard(8, 9, fit="pad", background="#123")),
            {
                "width": 8, "height": 9, "max_side": None, "fit": "pad", "colour": "rgb", "background": "#123",
                "format": "png",
            },
        ),
    ],
)  # fmt: skip
def test_settings_say_what_results_depend_on(make: Callable[[], Work], settings: dict[str, object]) -> None:
    work = make()
    assert json.loads(json.dumps(work.settings())) == settings
    assert pickle.loads(pickle.dumps(work)) == work


def test_the_model_is_part_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = find_model("hyperprior")
    by_default = Compress()
    by_path = Compress(Settings.of(model=str(Path(latentpress.__file__).parent / "models" / package.name)))
    assert by_default.settings()["model"] == by_path.settings()["model"] == package.id.hex()
    monkeypatch.chdir(Path(latentpress.__file__).parent / "models")
    relative = Compress(Settings.of(model=f"./{package.name}"))
    monkeypatch.chdir(tmp_path)
    assert relative.settings()["model"] == package.id.hex()


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Compress(Settings.of(model="none")), UnsupportedError, "none"),
        (lambda: Decompress("gif"), InvalidInputError, "GIF"),
        (lambda: Decompress(preview=True, look=0.5), InvalidInputError, "preview goes with no look"),
        (lambda: Restore("none"), UnsupportedError, "none"),
        (lambda: Restore(strength=1.5), InvalidInputError, "strength"),
        (lambda: Restore(quality=0), InvalidInputError, "quality"),
        (lambda: Restore(format="gif"), InvalidInputError, "GIF"),
        (lambda: Standardise(Standard(), "xyz"), InvalidInputError, "xyz"),
    ],
)
def test_impossible_settings_are_found_at_once(make: Callable[[], Work], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make().check()
