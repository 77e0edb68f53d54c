"""A run's state as a few files of a bounded size, to bring it from one machine to another.

``index.json`` names the parts of each file with their SHA-256. It is replaced last, and parts that it names stay until
then: whenever the writing process is cut, the folder holds one whole state.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from latentpress.atomic import atomic_output
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.training.checkpoint import Checkpoint, cast, checkpoint_bytes, load_checkpoint
from latentpress.training.runner import BEST, CHECKPOINT, LOG

__all__ = ["INDEX", "PART_SIZE", "TOTAL_SIZE", "join_state", "sha256_of", "split_state"]

INDEX = "index.json"
"""Name of the index inside a folder of parts."""

PART_SIZE = 15_000_000
"""Bytes of a part, at most."""

TOTAL_SIZE = 60_000_000
"""Bytes of all parts together, unless weights and average alone are more."""


def split_state(
    checkpoint: Path,
    out: Path,
    *,
    best: bool = True,
    part_size: int = PART_SIZE,
    total: int = TOTAL_SIZE,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Write a checkpoint and what lies beside it, log and (with ``best``) best weights, into ``out``, in place of what
    was there.

    Weights stay in float32; the average goes in float16, the optimiser's moments in bfloat16. If all that is over
    ``total`` bytes the moments are left out, and a run that goes on begins with fresh ones.
    """
    out.mkdir(parents=True, exist_ok=True)
    state = load_checkpoint(checkpoint)
    run = checkpoint.parent
    files: dict[str, list[dict[str, Any]]] = {}
    if best and (run / BEST).is_file():
        kept = load_checkpoint(run / BEST)
        files[BEST] = _write_parts(_slim(replace(kept, weights={}, moments={})), out, BEST, kept.step, part_size)
    taken = sum(part["bytes"] for parts in files.values() for part in parts)
    whole = _slim(state)
    if len(whole) + taken > total and state.moments:
        whole = _slim(replace(state, moments={}))
        say(f"Adam's moments are left out of {out}: with them the state would be over {total} bytes")
    files[CHECKPOINT] = _write_parts(whole, out, CHECKPOINT, state.step, part_size)
    if (run / LOG).is_file():
        with atomic_output(out / LOG) as stream:
            stream.write((run / LOG).read_bytes())
    with atomic_output(out / INDEX) as stream:
        stream.write(json.dumps({"format": 1, "step": state.step, "files": files}, indent=1).encode())
    _remove_others(out, files)


def join_state(out: Path, run: Path) -> int:
    """Put a state that `split_state` wrote into the folder of a run; returns its step.

    Raises InvalidInputError when there is none or the run is further already, CorruptFileError when a part is missing
    or damaged.
    """
    if not (out / INDEX).is_file():
        raise InvalidInputError(f"no state of a run in {out}: {INDEX} is missing")
    try:
        index = json.loads((out / INDEX).read_text(encoding="utf-8"))
        step, files = int(index["step"]), index["files"]
        names = {name: [(part["name"], part["sha256"]) for part in parts] for name, parts in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CorruptFileError(f"{out / INDEX} is damaged, copy it again") from None
    contents = {name: _joined(out, parts) for name, parts in names.items() if name in (CHECKPOINT, BEST)}
    if (run / CHECKPOINT).is_file():
        there = load_checkpoint(run / CHECKPOINT).step
        if there > step:
            raise InvalidInputError(f"{run} is at step {there} already, {out} at step {step}")
    run.mkdir(parents=True, exist_ok=True)
    if (out / LOG).is_file():
        contents[LOG] = (out / LOG).read_bytes()
    for name in sorted(contents, key=lambda name: name == CHECKPOINT):  # the checkpoint last: it makes it a run
        with atomic_output(run / name) as stream:
            stream.write(contents[name])
    return step


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _slim(state: Checkpoint) -> bytes:
    """The checkpoint as bytes, in the precision that going on and exporting need."""
    moments = {name: cast(kept, torch.bfloat16) for name, kept in state.moments.items()}
    return checkpoint_bytes(replace(state, average=cast(state.average, torch.float16), moments=moments))


def _write_parts(content: bytes, out: Path, name: str, step: int, size: int) -> list[dict[str, Any]]:
    parts = []
    for number, start in enumerate(range(0, len(content), size)):
        piece = content[start : start + size]
        place = out / f"{Path(name).stem}-{step}.{number}.part"
        digest = hashlib.sha256(piece).hexdigest()
        if not (place.is_file() and sha256_of(place) == digest):
            with atomic_output(place) as stream:
                stream.write(piece)
        parts.append({"name": place.name, "bytes": len(piece), "sha256": digest})
    return parts


def _remove_others(out: Path, files: dict[str, list[dict[str, Any]]]) -> None:
    named = {part["name"] for parts in files.values() for part in parts}
    for place in out.glob("*.part"):
        if place.name not in named:
            place.unlink()


def _joined(out: Path, parts: list[tuple[str, str]]) -> bytes:
    pieces = []
    for name, digest in parts:
        if Path(name).name != name or not (out / name).is_file():
            raise CorruptFileError(f"{out / name} is missing, copy it again")
        piece = (out / name).read_bytes()
        if hashlib.sha256(piece).hexdigest() != digest:
            raise CorruptFileError(f"{out / name} is cut or damaged, copy it again")
        pieces.append(piece)
    return b"".join(pieces)
