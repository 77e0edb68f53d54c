"""Which coders there are, which of them can be used here, and how to get one by its id."""

from __future__ import annotations

import importlib

from latentpress.bench.coders.base import Coder
from latentpress.catalogue import systems
from latentpress.errors import LatentPressError, UnsupportedError

__all__ = ["available", "coder_ids", "full_id", "get_coder", "missing"]

# Family modules, in the order of listings. Each has `coders()`; importing one does not import its library.
_FAMILIES = ("own", "own_jpeg", "pillow", "imagecodecs_", "mozjpeg", "jpegli", "heif", "ffmpeg")


def coder_ids() -> tuple[str, ...]:
    """Ids of all coders, usable here or not: this package's codecs, then the others by family."""
    return tuple(_all())


def available() -> dict[str, Coder]:
    """The coders that can be used here, by id. Imports their libraries."""
    return {id: coder for id, coder in _all().items() if not _problem(coder)}


def missing() -> dict[str, str]:
    """The coders that cannot be used here, by id, each with the reason in one line: what to install."""
    return {id: problem for id, coder in _all().items() if (problem := _problem(coder))}


def full_id(id: str) -> str:
    """The id for which a short name stands: ``jpeg`` for ``jpeg-420``, the first of its listed variants. Systems of the
    catalogue have whole names: ``jpeg-ls`` is no variant of JPEG.

    Ids are given back as they are, and so is what is no coder's name.
    """
    known = coder_ids()
    whole = {one.id for one in systems()}
    return id if id in known else next((full for full in known if full.startswith(f"{id}-") and full not in whole), id)


def get_coder(id: str) -> Coder:
    """The coder called ``id``, or for which ``id`` stands by `full_id`.

    Raises UnsupportedError if there is none or the library here lacks it, MissingExtraError if the library has to be
    installed first.
    """
    coders = _all()
    coder = coders.get(full_id(id))
    if coder is None:
        raise UnsupportedError(f"there is no coder {id!r}; known are: {', '.join(coders)}")
    coder.check()
    return coder


def _all() -> dict[str, Coder]:
    """Every coder by its id. A codec of a third party does not take the place of a coder that is listed here."""
    found: dict[str, Coder] = {}
    for family in _FAMILIES:
        module = importlib.import_module(f"latentpress.bench.coders.{family}")
        found |= {coder.id: coder for coder in module.coders()}
    return found


def _problem(coder: Coder) -> str:
    """Why the coder cannot be used here, empty if it can."""
    try:
        coder.check()
    except LatentPressError as error:
        return str(error)
    return ""
