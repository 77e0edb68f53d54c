"""The metrics of other programs: what they are given, and what happens where they are missing or fail."""

from __future__ import annotations

import importlib
import pickle
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from latentpress.errors import InvalidInputError, LatentPressError, MissingExtraError, UnsupportedError
from latentpress.metrics import METRICS
from latentpress.metrics.external import _tools, butteraugli, ssimulacra2, vmaf

MODULES = [ssimulacra2, butteraugli, vmaf]


def installed(module: ModuleType) -> None:
    """Skip the test where the program of a module is missing."""
    if not METRICS[module.__name__.rpartition(".")[2]].available:
        pytest.skip(f"{module.__name__} is not installed")


@pytest.mark.parametrize("module", MODULES)
def test_refusals(module: ModuleType, scene: Callable[..., np.ndarray]) -> None:
    installed(module)
    a = scene(40, 40)
    with pytest.raises(UnsupportedError, match="8 bits, not of uint16"):
        module.score(a.astype(np.uint16), a.astype(np.uint16))
    with pytest.raises(InvalidInputError, match="cannot be compared"):
        module.score(a, a[1:])
    with pytest.raises(InvalidInputError, match="gray and RGB"):
        module.score(a[..., :2], a[..., :2])
    with pytest.raises(InvalidInputError, match="sides of at least"):
        module.score(a[:5], a[:5])


@pytest.mark.parametrize("module", MODULES)
def test_odd_sizes(module: ModuleType, scene: Callable[..., np.ndarray]) -> None:
    installed(module)
    a = scene(51, 67)
    assert np.isfinite(module.score(a, a // 32 * 32))


@pytest.mark.parametrize(("module", "package"), [(ssimulacra2, "ssimulacra2"), (vmaf, "imageio_ffmpeg")])
def test_a_missing_package_names_the_extra(module: ModuleType, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    a = np.zeros((40, 40), np.uint8)
    with pytest.raises(MissingExtraError, match=r"\[bench\]"):
        module.score(a, a)


def test_a_missing_command_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    a = np.zeros((40, 40), np.uint8)
    with pytest.raises(MissingExtraError, match="needs the command 'butteraugli', which is not installed") as caught:
        butteraugli.score(a, a)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (_tools.MissingCommandError, str(caught.value))


@pytest.mark.parametrize(
    ("script", "match"),
    [
        ("echo no >&2; exit 3", "failed with status 3: no"),
        ("exit 4", "failed with status 4: no message"),
        ("echo far", "answered 'far' instead of a number"),
        ("", "answered '' instead of a number"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_command_that_fails(script: str, match: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command = tmp_path / "butteraugli"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(command))
    a = np.zeros((40, 40), np.uint8)
    with pytest.raises(LatentPressError, match=match):
        butteraugli.score(a, a)


def test_a_command_that_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(LatentPressError, match="X could not be run"):
        _tools.run([str(tmp_path / "absent")], tmp_path, "X")


def test_an_ffmpeg_without_the_filter_fails_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = ModuleType("imageio_ffmpeg")
    fake.get_ffmpeg_exe = lambda: sys.executable  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", fake)
    a = np.zeros((40, 40), np.uint8)
    with pytest.raises(LatentPressError, match="VMAF failed with status") as caught:
        vmaf.score(a, a)
    assert "\n" not in str(caught.value)


def test_the_luma_of_video_has_its_range() -> None:
    levels = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0]]], np.uint8)
    frame = importlib.import_module("latentpress.metrics.external.vmaf")._yuv(levels)
    assert list(frame) == [16, 235, round(16 + 219 * 0.2126)] + [128] * 6
