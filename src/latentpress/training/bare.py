"""What a pack's ``run.py`` does: train for so many minutes with what has arrived, and leave the state in parts."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.pack import CODE, MANIFEST, RECIPE, START, STATE
from latentpress.training.parts import INDEX, PART_SIZE, TOTAL_SIZE, join_state, sha256_of, split_state
from latentpress.training.run import train
from latentpress.training.runner import CHECKPOINT
from latentpress.training.step import ACCELERATIONS

__all__ = ["main"]

_RESERVE = 10.0  # seconds to keep for the last checkpoint and its parts
_MOST_RESERVE = 0.25  # of a very short run


def main(pack: Path, began: float, arguments: Sequence[str] | None = None) -> int:
    """Run the command line of ``run.py`` for the folder ``pack``; ``began``: `time.monotonic` when the process started.
    Returns the exit status; every expected failure is one line on standard error.
    """
    options = _options(pack, arguments)
    try:
        _run(pack, began, options)
    except LatentPressError as error:
        _say(f"run.py: {error}")
        return 2 if isinstance(error, InvalidInputError | CorruptFileError) else 1
    return 0


def _options(pack: Path, arguments: Sequence[str] | None) -> argparse.Namespace:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser = argparse.ArgumentParser(prog="run.py", description="Train with the pictures and the recipe of this pack.")
    parser.add_argument("--minutes", type=float, required=True, help="time for everything, loading included")
    parser.add_argument("--out", type=Path, default=pack / "out", help="folder for the state to bring back")
    parser.add_argument("--run", type=Path, default=pack / "run", help="folder of the run itself, to go on from here")
    parser.add_argument("--device", default=device, help=f"cpu or cuda (default here: {device})")
    parser.add_argument("--threads", type=int, help="CPU threads")
    parser.add_argument("--accelerate", choices=ACCELERATIONS, help="how steps run; default: graph on a GPU")
    parser.add_argument("--checkpoint-minutes", type=float, default=1.0, help="between checkpoints (default: 1)")
    parser.add_argument("--part-size", type=int, default=PART_SIZE, help="bytes of a file in --out, at most")
    parser.add_argument(
        "--total-size", type=int, default=TOTAL_SIZE, help="bytes of --out; over it moments are left out"
    )
    return parser.parse_args(arguments)


def _run(pack: Path, began: float, options: argparse.Namespace) -> None:
    until = began + 60 * options.minutes
    until -= min(_RESERVE, _MOST_RESERVE * 60 * options.minutes)
    shards = _check(pack)
    start = _starting_point(pack, options.out, options.run)
    if time.monotonic() >= until:
        raise InvalidInputError(f"{options.minutes} minutes are over before training begins; give more")

    def bring_out() -> None:
        split_state(path, options.out, part_size=options.part_size, total=options.total_size, say=_once)

    path = options.run / CHECKPOINT
    train(
        pack / RECIPE,
        shards["train"],
        run=options.run,
        valid=shards["valid"] or None,
        until=until,
        resume=True,
        start=start,
        device=options.device,
        threads=options.threads,
        accelerate=options.accelerate,
        checkpoint_minutes=options.checkpoint_minutes,
        report=_say,
        saved=bring_out,
        arrived=lambda: _whole_shards(pack),
    )
    step = load_checkpoint(path).step
    _say(f"step {step} after {time.monotonic() - began:.0f} s; bring back all of {options.out}")


def _check(pack: Path) -> dict[str, list[Path]]:
    """The shards that are here and whole, by use. Says what is missing; raises CorruptFileError for what cannot be."""
    shards: dict[str, list[Path]] = {"train": [], "valid": []}
    wanted = pictures = 0
    for name, about in _manifest(pack).items():
        path, use = pack / name, about.get("use")
        wanted += use == "train"
        whole = _is_whole(path, about)
        if use is None and not whole and name in (CODE, RECIPE, START):
            raise CorruptFileError(f"{path} is {'damaged' if path.is_file() else 'missing'}, copy it again")
        if use is None:
            continue
        if whole:
            shards[use].append(path)
            pictures += about["pictures"] * (use == "train")
        elif path.is_file():
            _say(f"{name} is cut or damaged and left out; copy it again")
    if not shards["train"]:
        raise InvalidInputError(f"none of the {wanted} training shards is here whole; copy train-*.shard.safetensors")
    _say(f"{len(shards['train'])} of {wanted} training shards are here, {pictures} pictures")
    return shards


def _whole_shards(pack: Path) -> list[Path]:
    """Training shards that are here and whole by now."""
    files = _manifest(pack).items()
    return [pack / name for name, about in files if about.get("use") == "train" and _is_whole(pack / name, about)]


def _manifest(pack: Path) -> dict[str, dict[str, Any]]:
    """What a pack should hold, by file."""
    try:
        files: dict[str, dict[str, Any]] = json.loads((pack / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        raise CorruptFileError(f"{pack / MANIFEST} is missing or damaged, copy it again") from None
    return files


_whole: dict[Path, tuple[float, bool]] = {}
"""Files that have been read whole once, with the time that they were written: each is read again only if it changes."""


def _is_whole(path: Path, about: dict[str, Any]) -> bool:
    """Whether a file is here as the manifest says."""
    if not path.is_file() or path.stat().st_size != about["bytes"]:
        return False
    written = path.stat().st_mtime
    if _whole.get(path, (-1.0, False))[0] != written:
        _whole[path] = written, bool(sha256_of(path) == about["sha256"])
    return _whole[path][1]


def _starting_point(pack: Path, out: Path, run: Path) -> Path | None:
    """Make the run's folder ready to go on; returns the checkpoint that a new run starts from, if there is one."""
    if not (run / CHECKPOINT).is_file():
        for folder in (out, pack / STATE):
            if (folder / INDEX).is_file():
                _say(f"going on from step {join_state(folder, run)} ({folder})")
                break
    return pack / START if (pack / START).is_file() else None


_said: set[str] = set()


def _once(line: str) -> None:
    """Say a line that comes with each checkpoint only the first time."""
    if line not in _said:
        _said.add(line)
        _say(line)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
