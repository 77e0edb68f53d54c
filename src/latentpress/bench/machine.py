"""What results say about the machine, the software and the hour."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
from pathlib import Path
from typing import Any

import latentpress
from latentpress import processes

__all__ = ["machine", "now", "versions"]

_PACKAGES = ("numpy", "scipy", "pillow")


def machine() -> dict[str, Any]:
    """``cpu`` (its name), ``cores`` (that this process may use) and ``system``."""
    return {"cpu": _cpu(), "cores": processes.usable_cores(), "system": platform.platform()}


def versions() -> dict[str, str]:
    """Of Python, of this package, and of the packages that metrics stand on; the coders tell their own."""
    found = {"python": platform.python_version(), "latentpress": latentpress.__version__}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def now() -> str:
    """Date and time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _cpu() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
