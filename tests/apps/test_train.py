"""``latentpress train`` and ``export``: a tiny network from pictures to a model that compresses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from latentpress.image import Image, write

Run = Callable[..., Result]
Process = Callable[..., "subprocess.CompletedProcess[bytes]"]

RECIPE = """
codec = "hyperprior"
[model]
latents = 32
hyper_latents = 8
narrow = 16
wide = 16
narrow_depth = 1
wide_depth = 1
features = 16
[schedule]
steps = 4
batch = 2
crop = 64
warmup = 1
klt_pictures = 4
mixed_precision = false
"""


@pytest.fixture
def photos(tmp_path: Path, picture: Callable[..., Image]) -> Path:
    """A folder of four pictures."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(4):
        write(picture(128, 160, seed=seed), folder / f"{seed}.png")
    return folder


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe that takes a second."""
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


def test_from_pictures_to_a_model_that_compresses(
    run: Run, process: Process, photos: Path, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    folder, model = tmp_path / "run", tmp_path / "models" / "tiny"
    # In a process of its own, because the number of threads is a setting of the whole process.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    trained = process("train", recipe, "--data", photos, "--out", folder, "--threads", "1")
    assert trained.returncode == 0, trained.stderr
    assert trained.stdout.decode().strip() == str(folder / "checkpoint.safetensors")
    assert b"4 pictures, from step 0" in trained.stderr
    assert (folder / "log.csv").is_file()

    again = run("train", recipe, "--data", photos, "--out", folder)
    assert again.exit_code == 2
    assert "--resume" in again.stderr

    done = run("export", folder / "checkpoint.safetensors", model, "--name", "tiny", "--data", photos)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{model}: model tiny\n"

    packed = tmp_path / "photo.lpx"
    assert run("compress", photos / "0.png", packed, "--model", model).exit_code == 0
    alone = process("decompress", packed, tmp_path / "a.png")
    assert alone.returncode == 2
    assert b"is not installed" in alone.stderr
    monkeypatch.setenv("LATENTPRESS_MODELS", str(model.parent))
    assert run("decompress", packed, tmp_path / "a.png").exit_code == 0
    assert json.loads(run("inspect", packed, "--json").stdout)["model_name"] == "tiny"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (
            ["no-such-recipe"],
            "there is no recipe no-such-recipe; those of the package are: agustsson, akyazi, akyazi-phases, bai",
        ),
        (["hyperprior", "--device", "tpu"], "--device"),
        (["hyperprior", "--minutes", "-1"], "--minutes"),
    ],
)
def test_bad_usage(run: Run, photos: Path, arguments: list[str], part: str) -> None:
    pytest.importorskip("torch")
    done = run("train", *arguments, "--data", photos, "--out", photos / "run")
    assert done.exit_code == 2
    assert done.stderr.startswith("latentpress: ")
    assert done.stderr.count("\n") == 1
    assert part in done.stderr


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (
            ["no-such-recipe"],
            "there is no recipe no-such-recipe; those of the package are: agustsson, akyazi, akyazi-phases, bai",
        ),
        (["hyperprior"], "training needs --data DIR"),
        (["hyperprior", "--data", "photos"], "training needs --out RUN_DIR"),
        (["hyperprior", "--minutes", "long"], "'long' is not a number"),
    ],
)
def test_the_recipe_is_looked_at_first(run: Run, arguments: list[str], part: str) -> None:
    pytest.importorskip("torch")
    done = run("train", *arguments)
    assert done.exit_code == 2
    assert part in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "hyperprior", "--data", "photos", "--out", "run"],
        ["export", "checkpoint", "model", "--name", "m", "--data", "photos"],
    ],
)
def test_without_torch_the_extra_is_named(run: Run, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("latentpress.training", "latentpress.parts"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    done = run(*arguments)
    assert done.exit_code == 1
    assert done.stderr.endswith("[train]'\n")
