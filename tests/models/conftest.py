"""Model packages without networks worth the name: what the loader looks at is names, bytes and the card."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentpress.models import package_digest

PackageMaker = Callable[..., Path]


@pytest.fixture
def make_package() -> PackageMaker:
    """Factory: ``make_package(folder, **card)`` writes a sound package to ``folder`` and returns it."""

    def make(folder: Path, *, codec: str = "hyperprior", files: dict[str, bytes] | None = None, **card: Any) -> Path:
        stream = io.BytesIO()
        np.savez_compressed(stream, counts=np.array([65536], np.uint32), radius=np.array([0], np.uint16))
        contents = {"one.onnx": b"first", "two.onnx": b"second", "tables.npz": stream.getvalue()} | (files or {})
        facts: dict[str, Any] = {"name": folder.name, "codec": codec, "format": 1, "config": {"latents": 8}} | card
        facts.setdefault("sha256", package_digest(codec, facts["config"], contents).hex())
        folder.mkdir(parents=True)
        for name, data in contents.items():
            (folder / name).write_bytes(data)
        (folder / "card.json").write_text(json.dumps(facts), encoding="utf-8")
        return folder

    return make
