"""``latentpress pack-training`` and ``unpack-training``: what they are given, and what they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from latentpress.image import Image, write

Run = Callable[..., Result]


@pytest.fixture
def photos(tmp_path: Path, picture: Callable[..., Image]) -> Path:
    """A folder of four pictures."""
    pytest.importorskip("torch")
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(4):
        write(picture(256, 272, seed=seed), folder / f"{seed}.png")
    return folder


def test_pack_has_all_that_the_manifest_names(run: Run, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "pack"
    done = run(
        "pack-training", "hyperprior-gpu", "--data", photos, "--valid", photos, "--out", out, "--shard-size", "1MB"
    )
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{out}\n"
    assert "4 training pictures in" in done.stderr
    assert "2 pictures to validate on" in done.stderr
    manifest = json.loads((out / "manifest.json").read_text())
    assert {path.name for path in out.iterdir()} == {*manifest["files"], "manifest.json"}
    assert {"run.py", "code.zip", "recipe.toml"} < set(manifest["files"])
    assert sum(about.get("pictures", 0) for about in manifest["files"].values()) == 6


def test_errors_are_one_line(run: Run, photos: Path, tmp_path: Path) -> None:
    for arguments, part in (
        (["pack-training", "hyperprior-gpu", "--data", photos, "--out", photos], "exists already"),
        (["pack-training", "hyperprior-gpu", "--data", photos, "--out", "x", "--shard-size", "big"], "a size is"),
        (["unpack-training", photos, tmp_path / "run"], "index.json is missing"),
    ):
        done = run(*arguments)
        assert done.exit_code == 2
        assert part in done.stderr
        assert done.stderr.count("\n") == 1
