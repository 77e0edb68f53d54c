"""From a pack to a model: training on a machine that has neither this package nor the pictures."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.models import ModelPackage
from latentpress.training import bare
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.data import load_held_out, load_pictures
from latentpress.training.export import export
from latentpress.training.pack import MANIFEST, START, STATE, pack_training
from latentpress.training.parts import INDEX, join_state
from latentpress.training.plan import Plan
from latentpress.training.run import train
from latentpress.training.runner import BEST, CHECKPOINT, LOG
from latentpress.training.shards import SHARD_SUFFIX

TINY = Path(__file__).parents[1] / "systems" / "tiny"

# Runs run.py with nothing but torch, numpy, pillow and safetensors to import, as on a bare machine.
BARE_MACHINE = """
import importlib.machinery, runpy, sys
missing = {"typer", "rich", "onnx", "onnxruntime", "constriction", "scipy", "skimage", "imagecodecs", "fsspec"}
class Installed(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in missing else super().find_spec(name, path, target)
sys.meta_path = [Installed if f is importlib.machinery.PathFinder else f for f in sys.meta_path]
script, sys.argv = sys.argv[1], sys.argv[1:]
try:
    runpy.run_path(script, run_name="__main__")
finally:
    import latentpress
    assert "code.zip" in latentpress.__file__, latentpress.__file__
"""


@pytest.fixture(scope="module")
def recipe() -> Path:
    """The tiny recipe as a file."""
    return TINY / "hyperprior.toml"


@pytest.fixture(scope="module")
def pack(recipe: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of several shards, with crops as pixels."""
    out = tmp_path_factory.mktemp("packs") / "pack"
    return pack_training(recipe, folder, out, valid=folder, crops=8, crop_size=96, shard_size=90_000)


@pytest.fixture
def copy(pack: Path, tmp_path: Path) -> Path:
    """The pack, to be damaged."""
    return Path(shutil.copytree(pack, tmp_path / "pack"))


def run_here(pack: Path, *arguments: object) -> int:
    """run.py in this process."""
    return bare.main(pack, time.monotonic(), ["--device", "cpu", "--threads", "1", *map(str, arguments)])


def test_from_pack_to_model(pack: Path, tiny: Plan, folder: Path, tmp_path: Path) -> None:
    there = Path(shutil.copytree(pack, tmp_path / "there"))
    out, run = tmp_path / "brought back", tmp_path / "run"
    command = [sys.executable, "-c", BARE_MACHINE, there / "run.py", "--minutes", 60, "--out", out, "--threads", 1]
    command += ["--part-size", 20_000, "--checkpoint-minutes", 0]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert "step 12 after" in done.stderr
    assert all(path.stat().st_size <= 20_000 for path in out.glob("*.part"))
    assert len(list(out.glob(f"{Path(CHECKPOINT).stem}-*.part"))) > 2

    assert join_state(out, run) == 12
    state, there_state = load_checkpoint(run / CHECKPOINT), load_checkpoint(there / "run" / CHECKPOINT)
    assert state.step == tiny.schedule.steps
    assert all(torch.equal(state.weights[name], value) for name, value in there_state.weights.items())
    assert all(torch.allclose(state.average[name], v, atol=1e-3, rtol=1e-3) for name, v in there_state.average.items())
    for name, moments in there_state.moments.items():
        brought = state.moments[name]
        assert moments.keys() == brought.keys()
        assert all(torch.allclose(value, brought[kind].float(), rtol=0.01) for kind, value in moments.items())
    assert (run / LOG).read_bytes() == (there / "run" / LOG).read_bytes()
    assert load_checkpoint(run / BEST).history["best_step"] in (5, 10, 12)

    train(tiny, folder, run=run, threads=1, resume=True, report=lambda line: None)
    package = ModelPackage(export(run / CHECKPOINT, tmp_path / "model", name="far", data=folder))
    assert package.card["name"] == "far"


@pytest.mark.parametrize("system", ["importance-map", "lc-fdnet"])
def test_every_system_goes_the_same_way(system: str, photos: Path, tmp_path: Path) -> None:
    """Cut on a bare machine, brought back, gone on with here, and exported."""
    half = tmp_path / "half.toml"
    half.write_text((TINY / f"{system}.toml").read_text().replace("steps = 12", "steps = 6"))
    there = pack_training(half, photos, tmp_path / "there", valid=photos)
    out, run = tmp_path / "out", tmp_path / "run"
    command = [sys.executable, "-c", BARE_MACHINE, there / "run.py", "--minutes", 60, "--out", out, "--threads", 1]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert join_state(out, run) == 6
    train(TINY / f"{system}.toml", photos, run=run, threads=1, resume=True, report=lambda line: None)
    assert load_checkpoint(run / CHECKPOINT).step == 12
    assert ModelPackage(export(run / CHECKPOINT, tmp_path / "model", name="far", data=photos)).codec == system


def test_whole_picture_files_are_smaller_and_give_the_same_pixels(recipe: Path, folder: Path, tmp_path: Path) -> None:
    out = pack_training(recipe, folder, tmp_path / "pack", valid=folder)
    packed = load_pictures(sorted(out.glob(f"train-*{SHARD_SUFFIX}")), 64)
    wanted = {picture.tobytes() for picture in load_pictures(folder, 64)}
    assert {picture.tobytes() for picture in packed} == wanted
    held_out = load_held_out(sorted(out.glob(f"valid-*{SHARD_SUFFIX}")))
    assert [p.tobytes() for p in held_out] == [p.tobytes() for p in load_held_out(folder)]
    size = sum(path.stat().st_size for path in out.glob(f"train-*{SHARD_SUFFIX}"))
    assert size < sum(picture.nbytes for picture in packed)


def test_some_of_the_shards_are_enough(copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shards = sorted(copy.glob(f"train-*{SHARD_SUFFIX}"))
    assert len(shards) == 3
    shards[0].unlink()
    shards[1].write_bytes(shards[1].read_bytes()[:5000])
    assert run_here(copy, "--minutes", 60, "--out", tmp_path / "out") == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"{shards[1].name} is cut or damaged and left out; copy it again"
    assert lines[1].startswith("1 of 3 training shards are here, 2 pictures")
    assert load_checkpoint(copy / "run" / CHECKPOINT).step == 12


@pytest.mark.parametrize(
    ("name", "part"),
    [
        (f"train-000{SHARD_SUFFIX}", "none of the 3 training shards"),
        ("recipe.toml", "recipe.toml is missing, copy it again"),
        (MANIFEST, "is missing or damaged"),
    ],
)
def test_what_is_missing_is_named_in_one_line(
    copy: Path, name: str, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in copy.glob("train-*") if name.startswith("train") else [copy / name]:
        path.unlink()
    assert run_here(copy, "--minutes", 60) == 2
    error = capsys.readouterr().err
    assert error.startswith("run.py: ")
    assert part in error
    assert error.count("\n") == 1


def test_damaged_code_is_named_in_one_line(copy: Path) -> None:
    (copy / "code.zip").write_bytes((copy / "code.zip").read_bytes()[:1000])
    command = [sys.executable, "-E", "-S", str(copy / "run.py"), "--minutes", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=copy)
    assert done.returncode == 1
    assert done.stderr.startswith("run.py: code.zip is missing or damaged, copy it again")
    assert done.stderr.count("\n") == 1


def test_minutes_count_from_the_start_of_the_process(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = time.monotonic() - 90
    assert bare.main(copy, late, ["--minutes", "1", "--device", "cpu"]) == 2
    assert "over before training begins" in capsys.readouterr().err


def test_a_new_machine_goes_on_from_what_the_last_one_left(copy: Path, recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shorter = (copy / "recipe.toml").read_text()
    assert run_here(copy, "--minutes", 60, "--out", out) == 0
    shutil.rmtree(copy / "run")
    assert run_here(copy, "--minutes", 60, "--out", out) == 0
    assert load_checkpoint(copy / "run" / CHECKPOINT).step == 12
    assert shorter == recipe.read_text()


def test_packed_checkpoints(tiny: Plan, recipe: Path, folder: Path, checkpoint: Path, tmp_path: Path) -> None:
    """A run of the same recipe goes on; the weights of any other begin a new run."""
    half = train(tiny, folder, run=tmp_path / "half", threads=1, report=lambda line: None, max_steps=6)
    same = pack_training(recipe, folder, tmp_path / "same", checkpoint=half)
    assert (same / STATE / INDEX).is_file()
    assert not (same / START).exists()
    assert run_here(same, "--minutes", 60) == 0
    assert load_checkpoint(same / "run" / CHECKPOINT).step == 12
    with (same / "run" / LOG).open() as file:
        assert file.readline().startswith("step,")

    longer = tmp_path / "longer.toml"
    longer.write_text(recipe.read_text().replace("steps = 12", "steps = 3"))
    other = pack_training(longer, folder, tmp_path / "other", checkpoint=checkpoint)
    assert not (other / STATE).exists()
    assert run_here(other, "--minutes", 60) == 0
    state = load_checkpoint(other / "run" / CHECKPOINT)
    assert state.step == 3
    assert [stage["steps"] for stage in state.history["stages"]] == [12]


def test_parts_are_checked_and_a_further_run_is_kept(copy: Path, tmp_path: Path) -> None:
    out, run = tmp_path / "out", tmp_path / "run"
    assert run_here(copy, "--minutes", 60, "--out", out) == 0
    part = sorted(out.glob("checkpoint-*.part"))[0]
    content = part.read_bytes()
    part.write_bytes(content[:-1])
    with pytest.raises(CorruptFileError, match="cut or damaged"):
        join_state(out, run)
    part.unlink()
    with pytest.raises(CorruptFileError, match="missing"):
        join_state(out, run)
    assert not run.exists()
    part.write_bytes(content)
    join_state(out, run)
    index = json.loads((out / INDEX).read_text()) | {"step": 11}
    (out / INDEX).write_text(json.dumps(index))
    with pytest.raises(InvalidInputError, match="at step 12 already"):
        join_state(out, run)
    with pytest.raises(InvalidInputError, match="no state"):
        join_state(tmp_path, run)


def test_moments_are_left_out_when_the_state_is_too_large(copy: Path, tmp_path: Path) -> None:
    out, run = tmp_path / "out", tmp_path / "run"
    assert run_here(copy, "--minutes", 60, "--out", out, "--total-size", 100) == 0
    join_state(out, run)
    assert load_checkpoint(run / CHECKPOINT).moments == {}


def test_what_cannot_be_packed(recipe: Path, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="smaller than the recipe"):
        pack_training("hyperprior-gpu", folder, tmp_path / "a", crops=2, crop_size=128)
    with pytest.raises(InvalidInputError, match="does not go into a shard"):
        pack_training(recipe, folder, tmp_path / "b", shard_size=3000)
    with pytest.raises(InvalidInputError, match="no readable picture"):
        pack_training("hyperprior-gpu", folder, tmp_path / "c")
    assert not any(tmp_path.iterdir())
