"""Which coders are found, and what is said of those that are not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import latentpress
from latentpress.bench.coders import available, coder_ids, full_id, get_coder, missing
from latentpress.errors import MissingExtraError, UnsupportedError

# Module to hide, the package that its message names, and coders that need it.
LIBRARIES = [
    ("imagecodecs", "imagecodecs", ["jxl", "jxl-lossless", "jpegls", "htj2k-lossless"]),
    ("pillow_heif", "pillow-heif", ["heic-444", "heic-420"]),
    ("pyvips", "pyvips-binary", ["mozjpeg-420", "mozjpeg-444"]),
    ("pyjpegli", "pyjpegli", ["jpegli"]),
    ("imageio_ffmpeg", "imageio-ffmpeg", ["x265-444", "vvc"]),
]


def test_each_coder_is_either_available_or_missing() -> None:
    found = available()
    assert set(found) | set(missing()) == set(coder_ids())
    assert not set(found) & set(missing())
    assert all(coder.id == id for id, coder in found.items())
    assert {"jpeg-420", "jpeg-444", "png"} <= set(found)


@pytest.mark.parametrize(("module", "package", "ids"), LIBRARIES)
def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, module: str, package: str, ids: list[str]) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    problems = missing()
    for id in ids:
        assert package in problems[id]
        assert "[bench]'" in problems[id]
        with pytest.raises(MissingExtraError, match=package) as caught:
            get_coder(id)
        assert caught.value.extra == "bench"
    assert "jpeg-420" in available()


def test_a_pillow_without_a_format_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import features

    check = features.check
    monkeypatch.setattr(features, "check", lambda name: name != "avif" and check(name))
    assert "built with avif" in missing()["avif-444"]
    with pytest.raises(UnsupportedError, match="pillow"):
        get_coder("avif-420")


def test_a_libvips_without_mozjpeg_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyvips")
    from latentpress.bench.coders.mozjpeg import MozjpegCoder

    # What another JPEG library does: it takes the options and writes the same file.
    monkeypatch.setattr(MozjpegCoder, "_save", lambda self, pixels, **options: b"the same")
    with pytest.raises(UnsupportedError, match="MozJPEG"):
        get_coder("mozjpeg-420")


def test_unknown_ids_are_refused() -> None:
    for id in ("jpg", "jpeg-", "-", ""):
        with pytest.raises(UnsupportedError, match=rf"no coder '{id}'.*jpeg-420"):
            get_coder(id)


def test_short_names_stand_for_the_first_variant() -> None:
    assert get_coder("jpeg").id == "jpeg-420"
    assert full_id("avif") == "avif-444"
    assert full_id("heic") == "heic-444"
    assert all(full_id(id) == id for id in coder_ids())


def test_importing_the_benchmarks_loads_no_coder_library() -> None:
    source = str(Path(latentpress.__file__).parents[1])
    code = f"import sys, json; sys.path.insert(0, {source!r}); import latentpress.bench, latentpress.bench.coders as c"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; c.coder_ids(); print(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"torch", *(module for module, _, _ in LIBRARIES)}
