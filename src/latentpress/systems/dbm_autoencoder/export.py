"""A patch autoencoder has no model package: it is a study (`latentpress.studies`), and no codec."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from latentpress.errors import UnsupportedError

__all__ = ["export_package"]


def export_package(checkpoint: str | Path, destination: str | Path, **settings: Any) -> NoReturn:
    """Raise UnsupportedError."""
    raise UnsupportedError(
        "a dbm-autoencoder makes no model package, because no codec runs it; see: latentpress reproduce dbm"
    )
