"""What every export writes: a package's files, and the card that says how the run went."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from latentpress.atomic import atomic_output
from latentpress.models import ModelPackage, package_digest
from latentpress.models.package import CARD, FORMAT
from latentpress.training.checkpoint import Checkpoint

__all__ = ["new_card", "npz", "store"]


def new_card(state: Checkpoint, name: str, config: dict[str, Any], codec: str | None = None) -> dict[str, Any]:
    """The card of a run's package, without digest and without what the system itself has to add. codec: if it is not
    called as in the recipe.
    """
    return {
        "name": name,
        "codec": codec or state.recipe.codec,
        "format": FORMAT,
        "sha256": "",
        "licence": "Apache-2.0",
        "config": config,
        "training": {
            "recipe": state.recipe.to_dict(),
            "steps": state.step,
            "hours": round(float(state.history.get("seconds", 0)) / 3600, 2),
            "history": state.history,
            "weights": "exponential moving average",
        },
    }


def store(
    folder: Path, card: dict[str, Any], files: dict[str, bytes], coded: dict[str, bytes] | None = None
) -> ModelPackage:
    """Write the files of a package by name and its card, with the SHA-256 of both put in, and open it. coded: what to
    write for the files, if some of it is coded; earlier files that it stands for go.
    """
    for file in files.keys() - (coded or files).keys():
        (folder / file).unlink(missing_ok=True)
    for file, contents in (coded or files).items():
        with atomic_output(folder / file) as stream:
            stream.write(contents)
    card["sha256"] = package_digest(card["codec"], card["config"], files).hex()
    with atomic_output(folder / CARD) as stream:
        stream.write((json.dumps(card, indent=2) + "\n").encode())
    return ModelPackage(folder)


def npz(arrays: dict[str, Any]) -> bytes:
    """Arrays by name as the bytes of a compressed npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()
