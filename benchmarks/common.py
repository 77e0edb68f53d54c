"""What every benchmark writes about itself: machine, versions, date; and how it keeps its result."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

from PIL import Image, features

SUFFIXES = {".png", ".ppm", ".bmp", ".tif", ".tiff"}  # lossless originals only


def pictures(folder: Path) -> list[Path]:
    """The pictures of a folder by name, or an error that says what is missing."""
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise SystemExit(f"{folder} holds no pictures ({', '.join(sorted(SUFFIXES))})")
    return found


def read_rgb(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def circumstances() -> dict[str, Any]:
    """Machine, versions and date of a run."""
    names = ("latentpress", "numpy", "pillow", "onnxruntime", "constriction", "scipy")
    versions = {"python": platform.python_version()} | {name: _version(name) for name in names}
    versions |= {lib: features.version(lib) for lib in ("libjpeg_turbo", "webp")}
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        },
        "versions": versions,
    }


def write_json(path: Path, result: dict[str, Any]) -> None:
    """Write a result; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
