"""The files of a folder and of those in it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["LPX", "Entry", "Listing", "entry_of", "is_leftover", "list_folder"]

LPX = (".lpx",)
"""The ending of compressed pictures."""

_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file: its size, and when it was last changed in nanoseconds since 1970 (None: its store does not say)."""

    bytes: int
    modified_ns: int | None


@dataclass
class Listing:
    """files: by name relative to the folder, with ``/``, in order of names. ignored: how many files have another
    ending. problems: names of folders that cannot be read, with the reason.
    """

    files: dict[str, Entry] = field(default_factory=dict)
    ignored: int = 0
    problems: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, entry: Entry, endings: tuple[str, ...]) -> None:
        """Take a file in, if it has one of the endings."""
        if name.lower().endswith(endings):
            self.files[name] = entry
        else:
            self.ignored += 1

    def in_order(self) -> Listing:
        """The same with the files in order of names, as the file system may give them in any."""
        return Listing(dict(sorted(self.files.items())), self.ignored, dict(sorted(self.problems.items())))


def is_leftover(name: str) -> bool:
    """Whether a file is what a killed process has left of an output: see `latentpress.atomic`."""
    return _LEFTOVER.fullmatch(name.rpartition("/")[2]) is not None


def list_folder(root: Path, endings: tuple[str, ...], without: Path | None = None) -> Listing:
    """Find the files with one of ``endings`` (in small letters; case does not count).

    Hidden files and folders are passed over (``.thumbnails``, the ``._name`` files of macOS), and so is the folder
    ``without``: results inside the source are no sources. Links to files are followed; so are links to folders,
    each folder once and under its own name before any link's, so that links in a circle do no harm.
    """
    listing = Listing()
    seen: set[tuple[int, int]] = set()
    if without is not None and without.exists():
        seen.add(_identity(without))
    folders, links = [root], list[Path]()
    while folders or links:
        folder = folders.pop() if folders else links.pop(0)
        try:
            identity = _identity(folder)
            if identity in seen:
                continue
            seen.add(identity)
            children = sorted(os.scandir(folder), key=lambda child: child.name)
        except OSError as error:
            listing.problems[_name(folder, root)] = error.strerror or str(error)
            continue
        for child in children:
            if child.name.startswith("."):
                continue
            path = folder / child.name
            if path.is_dir():
                (links if child.is_symlink() else folders).append(path)
            elif path.is_file() or not path.exists():  # a link to nowhere: reading it will say so
                listing.add(_name(path, root), entry_of(path) or Entry(0, None), endings)
        links.sort()
    return listing.in_order()


def entry_of(path: Path, time: Callable[[os.stat_result], int] = lambda stat: stat.st_mtime_ns) -> Entry | None:
    """The description of a file, None if there is none. time: which of its times counts."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Entry(found.st_size, time(found)) if stat.S_ISREG(found.st_mode) else None


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
