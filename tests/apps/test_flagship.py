"""The shipped codec through the public face and the command line, in processes of their own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

import latentpress
from latentpress.codecs import codec_class
from latentpress.image import Image, read

Run = Callable[..., Result]
Process = Callable[..., "subprocess.CompletedProcess[bytes]"]


def test_a_picture_goes_through_the_command_line(process: Process, photo: Path) -> None:
    done = process("compress", photo, "--quality", "60")
    assert (done.returncode, done.stderr) == (0, b"")
    done = process("inspect", photo.with_suffix(".lpx"), "--json")
    info = json.loads(done.stdout)
    assert (info["codec"], info["width"], info["height"]) == ("hyperprior", 65, 63)
    assert info["model_name"] in codec_class("hyperprior").models()
    assert info["overhead_bytes"] <= 32
    restored = process("decompress", photo.with_suffix(".lpx"), "-")
    assert restored.returncode == 0
    difference = read(io.BytesIO(restored.stdout)).pixels.astype(float) - read(photo).pixels
    assert np.sqrt(np.mean(difference**2)) < 12


def test_the_command_line_and_python_make_the_same_file(run: Run, photo: Path) -> None:
    packed = photo.with_suffix(".lpx")
    assert run("compress", photo, "--quality", "33.5").exit_code == 0
    assert packed.read_bytes() == latentpress.compress(photo, quality=33.5)
    assert run("decompress", packed, photo.with_name("a.ppm")).exit_code == 0
    assert read(photo.with_name("a.ppm")) == latentpress.decompress(packed.read_bytes())


def test_a_preview_of_a_file_and_of_a_folder(run: Run, photo: Path, tmp_path: Path) -> None:
    packed, out = tmp_path / "in" / "a.lpx", tmp_path / "out"
    packed.parent.mkdir()
    packed.write_bytes(latentpress.compress(photo))
    preview = latentpress.decompress(packed.read_bytes(), preview=True)
    assert run("decompress", packed, photo.with_name("a.ppm"), "--preview").exit_code == 0
    assert run("decompress", packed.parent, "-o", out, "--preview", "-j", "1").exit_code == 0
    for found in (photo.with_name("a.ppm"), out / "a.png"):
        assert np.abs(read(found).pixels.astype(int) - preview.pixels).max() <= 1
    refused = run("decompress", packed, photo.with_name("b.ppm"), "--preview", "--look", "0.5")
    assert (refused.exit_code, "--preview goes with no --look" in refused.stderr) == (2, True)


def test_effort(run: Run, photo: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    packed = photo.with_suffix(".lpx")
    assert run("compress", photo, "--effort", "2").exit_code == 0
    assert packed.read_bytes() == latentpress.compress(photo, effort=2)
    assert packed.stat().st_size <= len(latentpress.compress(photo))
    assert run("decompress", packed, photo.with_name("a.ppm")).exit_code == 0
    refused = run("compress", photo, "-f", "--effort", "10")
    assert refused.exit_code == 2
    assert "effort" in refused.stderr


def test_a_file_of_one_thread_decodes_with_two(run: Run, photo: Path) -> None:
    """The pixels come from a float network: rounding may move one by a grey level, and no more."""
    packed = photo.with_suffix(".lpx")
    assert run("compress", photo, "--threads", 1).exit_code == 0
    for threads in (1, 2):
        assert run("decompress", packed, photo.with_name(f"{threads}.png"), "--threads", threads).exit_code == 0
    one, two = (read(photo.with_name(f"{threads}.png")).pixels.astype(int) for threads in (1, 2))
    assert np.abs(one - two).max() <= 1


def test_higher_quality_is_larger_and_closer(rgb: Image) -> None:
    sizes, errors = [], []
    for quality in (5, 35, 65, 95):
        data = latentpress.compress(rgb, quality)
        sizes.append(len(data))
        errors.append(np.mean((latentpress.decompress(data).pixels.astype(float) - rgb.pixels) ** 2))
    assert sizes == sorted(set(sizes))
    assert errors == sorted(set(errors), reverse=True)


def test_neither_way_loads_torch(photo: Path) -> None:
    """In a fresh interpreter, through Python and through the command line."""
    code = f"""
import sys
import latentpress
data = latentpress.compress({str(photo)!r})
latentpress.decompress(data)
latentpress.inspect(data)
from typer.testing import CliRunner
from latentpress.apps.cli import app
done = CliRunner().invoke(app, ["compress", {str(photo)!r}])
assert done.exit_code == 0, done.output
done = CliRunner().invoke(app, ["decompress", {str(photo.with_suffix(".lpx"))!r}, "-"])
assert done.exit_code == 0, done.output
assert "onnxruntime" in sys.modules
loaded = {{"torch", "onnx", "scipy", "safetensors"}} & set(sys.modules)
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
