"""``latentpress inspect`` and ``codecs``, and what the command shows about itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

import latentpress

Run = Callable[..., Result]


def test_inspect_for_people(run: Run, photo: Path) -> None:
    run("compress", photo, "--codec", "plain")
    packed = photo.with_suffix(".lpx")
    done = run("inspect", packed)
    assert (done.exit_code, done.stderr) == (0, "")
    size = packed.stat().st_size
    for part in (
        ".lpx 1.0",
        "plain (number 255)",
        f"{b'plain--1'.hex()} (plain-1)",
        "65 x 63, RGB, 8 bits",
        "rate index: 50",
        f"{size:,} bytes, {8 * size / (65 * 63):.4f} bpp",
        "symbols (type 1)",
    ):
        assert part in done.stdout


@pytest.mark.parametrize(
    ("settings", "row"),
    [
        ({"quality": 40, "codec": "hyperprior"}, "quality:    about 40 (rate index 45 of 0 to 112)"),
        ({"max_error": 2}, "largest error: 2"),
        ({"lossless": True}, "method:     "),
    ],
)
def test_how_good_it_is_in_the_words_of_compress(run: Run, photo: Path, settings: dict[str, Any], row: str) -> None:
    packed = photo.with_suffix(".lpx")
    packed.write_bytes(latentpress.compress(photo, **settings))
    done = run("inspect", packed)
    assert row in done.stdout
    assert "\nrate index" not in done.stdout


def test_inspect_json(run: Run, photo: Path) -> None:
    run("compress", photo, "--codec", "plain")
    data = photo.with_suffix(".lpx").read_bytes()
    done = run("inspect", "-", "--json", stdin=data)
    assert done.exit_code == 0
    info = json.loads(done.stdout)
    assert (info["codec"], info["model_name"], info["width"], info["file_bytes"]) == ("plain", "plain-1", 65, len(data))
    assert info["bpp"] == latentpress.inspect(data).bpp
    assert info["chunks"][0]["bytes"] == len(data) - info["overhead_bytes"]


def test_codecs(run: Run) -> None:
    done = run("codecs")
    assert done.exit_code == 0
    assert "hyperprior (number 1): lossy. " in done.stdout
    assert "plain (number 255): lossless. PNG in a container" in done.stdout
    assert "models: plain-1" in done.stdout
    rows = json.loads(run("codecs", "--json").stdout)
    ids = {row["id"] for row in rows}
    assert {"hyperprior", "importance-map", "jpeg", "lc-fdnet", "mlp-lossless", "plain"} <= ids


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"latentpress {latentpress.__version__}\n"


@pytest.mark.parametrize("command", ["compress", "decompress", "inspect", "codecs", "train", "export"])
def test_every_command_explains_itself_with_an_example(run: Run, command: str) -> None:
    assert command in run("--help").stdout
    for option in ("--help", "-h"):
        done = run(command, option)
        assert done.exit_code == 0
        assert f"Example: latentpress {command}" in done.stdout


def test_help_names_the_extra(run: Run) -> None:
    assert "Needs the extra 'train'" in " ".join(run("train", "--help").stdout.split())


def test_without_a_command_there_is_help_and_status_2(run: Run) -> None:
    done = run()
    assert done.exit_code == 2
    assert "decompress" in done.output
    done = run("compres")
    assert done.exit_code == 2
    assert done.stderr.startswith("latentpress: No such command 'compres'. Did you mean 'compress'")
