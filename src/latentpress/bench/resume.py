"""What an earlier run into the same folder has left that need not be measured again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from latentpress.bench.journal import read_journal
from latentpress.bench.results import Header, Key, Point, Time
from latentpress.errors import LatentPressError

__all__ = ["kept_rows"]

_Row = TypeVar("_Row", Point, Time)


def kept_rows(
    kind: type[_Row], paths: Iterable[Path], header: Header, same: Callable[[Header, Header], bool]
) -> dict[Key, _Row]:
    """Good rows in files of earlier runs that this run would measure just so, by key; later ones count.

    A row is kept if the header above it agrees with ``header`` about its coder (settings, versions) and its picture
    (pixels), and ``same(that, header)`` holds. Rows with an error are not kept. Files that are not there, and what
    stands after the first damaged line of one, are passed over.
    """
    kept: dict[Key, _Row] = {}
    for path in paths:
        above: Header | None = None
        for record in read_journal(path, cut=True) if path.exists() else ():
            try:
                if record.get("kind") == "run":
                    above = Header.of(record)
                    continue
                row = kind.of(record)
            except LatentPressError:  # of another version, or damaged: measured again
                above = None
                continue
            if above is not None and same(above, header) and not row.error and _agree(row.key, above, header):
                kept[row.key] = row
    return kept


def _agree(key: Key, above: Header, header: Header) -> bool:
    """Whether two headers mean the same by a key."""
    coder, picture, quality = key
    then, now = above.coders.get(coder), header.coders.get(coder)
    return (
        then is not None
        and now is not None
        and (then.settings, then.versions, then.lossless) == (now.settings, now.versions, now.lossless)
        and quality in now.qualities
        and picture in header.pictures
        and above.pictures.get(picture) == header.pictures[picture]
    )
