"""Turn a missing optional package into an error that names the extra to install."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from latentpress.errors import MissingExtraError

__all__ = ["needs_extra"]


@contextlib.contextmanager
def needs_extra(feature: str, extra: str) -> Iterator[None]:
    """Wrap the imports that ``feature`` needs: a package that is not installed raises MissingExtraError.

    A missing module of this package passes through: that is a broken installation, which no extra repairs.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "latentpress":
            raise
        raise MissingExtraError(feature, extra) from error
