"""A folder with all that training needs on a bare machine: one with a GPU, Python, PyTorch, NumPy, Pillow and
safetensors, and without this package, a package index or the pictures.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

import latentpress
from latentpress.atomic import atomic_folder
from latentpress.errors import InvalidInputError
from latentpress.training.checkpoint import load_checkpoint, save_starting_point
from latentpress.training.data import (
    SMALLEST_HELD_OUT,
    load_held_out,
    load_pictures,
    picture_files,
    sample_crops,
)
from latentpress.training.parts import sha256_of, split_state
from latentpress.training.plan import Plan, load_plan, recipe_path, training_of
from latentpress.training.shards import SHARD_SUFFIX, write_shards

__all__ = ["CODE", "MANIFEST", "RECIPE", "SHARD_SIZE", "START", "STATE", "pack_training"]

MANIFEST = "manifest.json"
"""Name of the list of all files with their SHA-256."""

CODE = "code.zip"
"""Name of the package's own code."""

RECIPE = "recipe.toml"
"""Name of the recipe."""

START = "start.safetensors"
"""Name of the averaged weights that a new run begins with."""

STATE = "state"
"""Name of the folder with the state of a run that goes on."""

SHARD_SIZE = 48_000_000
"""Bytes of a shard, at most."""

CROP_SIZE = 320
"""Side of a packed crop in pixels: crops of 256 have some room in it."""

_CODE_SUFFIXES = {".py", ".toml"}

_SCRIPT = '''\
"""Train on this machine, with what lies beside this file. See `python run.py --help`.

Needs Python 3.11 or newer, PyTorch, NumPy, Pillow and safetensors.
"""

import sys
import time

BEGAN = time.monotonic()  # loading counts into --minutes
sys.dont_write_bytecode = True

from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "code.zip"))
try:
    from latentpress.training.bare import main
except ImportError as error:
    name = (getattr(error, "name", None) or "").partition(".")[0]
    if name in ("", "latentpress"):
        sys.exit(f"run.py: code.zip is missing or damaged, copy it again: {error}")
    sys.exit(f"run.py: this machine lacks the Python package {name}")
sys.exit(main(HERE, BEGAN))
'''


def pack_training(
    recipe: str | Path,
    data: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    valid: str | Path | None = None,
    checkpoint: str | Path | None = None,
    crops: int | None = None,
    crop_size: int = CROP_SIZE,
    shard_size: int = SHARD_SIZE,
    seed: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Write the folder ``out`` and return it. Pictures are in random order, so that any of the shards will do.

    ``recipe``, ``data``, ``valid``: as of `run.train`. ``checkpoint``: a run of this very recipe goes on from it; with
    any other, a new run begins with its averaged weights. ``crops``: pack so many random crops of ``crop_size`` pixels
    as they are, instead of whole picture files, which take less room but need a Pillow there that opens them.
    ``shard_size``: bytes of a file of pictures, at most.

    Raises InvalidInputError for a bad recipe or folder, if ``out`` exists, and for crops smaller than the recipe's.
    """
    plan = load_plan(recipe)
    training = training_of(plan.codec)(plan)  # refuses what does not go together
    smallest = plan.schedule.smallest
    if crops is not None and crop_size < smallest:
        raise InvalidInputError(f"crops of {crop_size} pixels are smaller than the recipe wants, {smallest}")
    rng = np.random.default_rng(seed)
    with atomic_folder(out) as folder:
        if crops is None:
            train = _shuffled_files(data, smallest, rng)
        else:
            train = _crops(data, crops, crop_size, rng, training.upright)
        counts = dict(write_shards(train, folder, "train", shard_size))
        if not counts:
            raise InvalidInputError(f"no readable picture of at least {smallest} pixels a side in {data}")
        say(f"{sum(counts.values())} training pictures in {len(counts)} shards")
        if valid is not None:
            held_out = _held_out_files(valid) if crops is None else (p[None] for p in load_held_out(valid))
            shards = dict(write_shards(held_out, folder, "valid", shard_size))
            say(f"{sum(shards.values())} pictures to validate on")
            counts |= shards
        (folder / RECIPE).write_bytes(recipe_path(str(recipe)).read_bytes())
        (folder / "run.py").write_text(_SCRIPT, encoding="utf-8")
        _write_code(folder / CODE)
        if checkpoint is not None:
            say(_put_checkpoint(Path(checkpoint), plan, folder))
        _write_manifest(folder, counts)
    return Path(out)


def _shuffled_files(
    data: str | Path | Sequence[str | Path], smallest: int, rng: np.random.Generator
) -> Iterator[NDArray[np.uint8]]:
    files = list(_files(data, smallest))
    return (files[i] for i in rng.permutation(len(files)))


def _crops(
    data: str | Path | Sequence[str | Path], count: int, size: int, rng: np.random.Generator, upright: bool
) -> Iterator[NDArray[np.uint8]]:
    pictures = load_pictures(data, size)
    return (sample_crops(pictures, 1, size, rng, upright).transpose(0, 2, 3, 1) for _ in range(count))


def _files(data: str | Path | Sequence[str | Path], smallest: int) -> Iterator[NDArray[np.uint8]]:
    """The bytes of each picture file that is good for training, or its pixels where these are fewer bytes."""
    for path in picture_files(data):
        if path.name.endswith(SHARD_SUFFIX):
            yield from (picture[None] for picture in load_pictures([path], smallest))
            continue
        try:
            content = path.read_bytes()
            with Image.open(io.BytesIO(content)) as image:
                pixels = np.asarray(image.convert("RGB"))
        except (UnidentifiedImageError, OSError):
            continue
        if min(pixels.shape[:2]) >= smallest:
            yield np.frombuffer(content, np.uint8) if len(content) < pixels.nbytes else pixels[None]


def _held_out_files(valid: str | Path) -> Iterator[NDArray[np.uint8]]:
    """The files of the pictures that `load_held_out` takes."""
    found = list(_files(valid, SMALLEST_HELD_OUT))
    if not found:
        raise InvalidInputError(f"no readable picture of at least {SMALLEST_HELD_OUT} pixels a side in {valid}")
    yield from found[::3]


def _write_code(path: Path) -> None:
    """The package's modules and recipes; no model packages, which training does not need."""
    root = Path(latentpress.__file__).parent
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted(root.rglob("*")):
            if source.suffix in _CODE_SUFFIXES and "__pycache__" not in source.parts:
                archive.write(source, Path(root.name) / source.relative_to(root))


def _put_checkpoint(checkpoint: Path, plan: Plan, folder: Path) -> str:
    """Put the checkpoint into the pack; returns in words what will be done with it."""
    state = load_checkpoint(checkpoint)
    if state.recipe == plan and state.step and state.moments:
        split_state(checkpoint, folder / STATE, best=False)
        return f"the run goes on from step {state.step}"
    save_starting_point(checkpoint, folder / START)
    return f"a new run begins with the averaged weights of {checkpoint}"


def _write_manifest(folder: Path, counts: dict[Path, int]) -> None:
    files: dict[str, dict[str, Any]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        about: dict[str, Any] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        if path in counts:
            about |= {"pictures": counts[path], "use": path.name.partition("-")[0]}
        files[path.relative_to(folder).as_posix()] = about
    about = {"format": 1, "latentpress": latentpress.__version__, "files": files}
    (folder / MANIFEST).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
