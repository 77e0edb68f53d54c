"""`Folder`: where a job reads and writes - a folder of this machine, or one behind a URL - behind one interface."""

from __future__ import annotations

import contextlib
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from latentpress import remote
from latentpress.atomic import atomic_output
from latentpress.errors import InvalidInputError
from latentpress.jobs.listing import Entry, Listing, entry_of, is_leftover, list_folder

__all__ = ["Folder", "LocalFolder", "RemoteFolder", "Source", "open_folder"]

Source: TypeAlias = str | io.BytesIO
"""A file to read: a path, or its bytes where there is no path."""


@dataclass(frozen=True)
class Folder(ABC):
    """A folder, in which files are named by their place relative to it, with ``/``. It pickles.

    place: an absolute path or a URL, without a slash at its end.
    """

    place: str

    def address(self, name: str) -> str:
        """Path or URL of a file."""
        return f"{self.place.rstrip('/')}/{name}"

    @abstractmethod
    def find(self, endings: tuple[str, ...], without: Folder) -> Listing:
        """The files in it and below with one of ``endings``, but for those below ``without``; see `list_folder`.

        Raises InvalidInputError if the folder cannot be read.
        """

    @abstractmethod
    def entry(self, name: str) -> Entry | None:
        """A file's description, None if there is no such file."""

    @abstractmethod
    def entries(self, names: Iterable[str]) -> dict[str, Entry]:
        """Those of the files that exist."""

    @abstractmethod
    def leftovers(self, names: Iterable[str]) -> set[str]:
        """Names of temporary files beside the files ``names``: a job under way has some, a killed one leaves some."""

    @abstractmethod
    def source(self, name: str) -> Source:
        """A file, to be read; raises InvalidInputError if a store does not give it."""

    def read(self, name: str) -> bytes:
        """A whole file; raises InvalidInputError if it cannot be read."""
        source = self.source(name)
        if isinstance(source, io.BytesIO):
            return source.getvalue()
        try:
            return Path(source).read_bytes()
        except OSError as error:
            raise InvalidInputError(f"cannot read {source}: {error.strerror or error}") from error

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Write a whole file or nothing; raises LatentPressError, InvalidInputError."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file, if it is there and can be removed."""


class LocalFolder(Folder):
    """A folder of this machine."""

    def find(self, endings: tuple[str, ...], without: Folder) -> Listing:
        """See `Folder.find`."""
        apart = isinstance(without, LocalFolder) and without != self
        listing = list_folder(Path(self.place), endings, Path(without.place) if apart else None)
        if "." in listing.problems:
            raise InvalidInputError(f"cannot read the folder {self.place}: {listing.problems['.']}")
        return listing

    def entry(self, name: str) -> Entry | None:
        """See `Folder.entry`."""
        return entry_of(Path(self.place, name))

    def entries(self, names: Iterable[str]) -> dict[str, Entry]:
        """See `Folder.entries`."""
        found = ((name, self.entry(name)) for name in names)
        return {name: entry for name, entry in found if entry is not None}

    def leftovers(self, names: Iterable[str]) -> set[str]:
        """See `Folder.leftovers`."""
        found: set[str] = set()
        for parent in {PurePosixPath(name).parent for name in names}:
            with contextlib.suppress(OSError):
                found.update(str(parent / n) for n in os.listdir(Path(self.place, parent)) if is_leftover(n))
        return found

    def source(self, name: str) -> Source:
        """See `Folder.source`."""
        return self.address(name)

    def write(self, name: str, data: bytes) -> None:
        """See `Folder.write`."""
        path = Path(self.place, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInputError(f"cannot make the folder {path.parent}: {error.strerror or error}") from error
        with atomic_output(path) as stream:
            stream.write(data)

    def remove(self, name: str) -> None:
        """See `Folder.remove`."""
        with contextlib.suppress(OSError):
            Path(self.place, name).unlink(missing_ok=True)


class RemoteFolder(Folder):
    """A folder behind a URL, through fsspec."""

    def find(self, endings: tuple[str, ...], without: Folder) -> Listing:
        """See `Folder.find`."""
        inside = without.place.removeprefix(self.place) + "/" if without.place.startswith(self.place + "/") else None
        listing = Listing()
        for name, entry in self._all().items():
            hidden = any(part.startswith(".") for part in name.split("/"))
            if not hidden and not (inside and f"/{name}".startswith(inside)):
                listing.add(name, entry, endings)
        return listing.in_order()

    def entry(self, name: str) -> Entry | None:
        """See `Folder.entry`."""
        info = remote.info(self.address(name))
        return None if info is None else _entry(info)

    def entries(self, names: Iterable[str]) -> dict[str, Entry]:
        """See `Folder.entries`."""
        there = self._all()
        return {name: there[name] for name in names if name in there}

    def leftovers(self, names: Iterable[str]) -> set[str]:
        """See `Folder.leftovers`."""
        parents = {PurePosixPath(name).parent for name in names}
        return {name for name in self._all() if is_leftover(name) and PurePosixPath(name).parent in parents}

    def source(self, name: str) -> Source:
        """See `Folder.source`."""
        return io.BytesIO(remote.read(self.address(name)))

    def write(self, name: str, data: bytes) -> None:
        """See `Folder.write`."""
        remote.write(self.address(name), data)

    def remove(self, name: str) -> None:
        """See `Folder.remove`."""
        remote.remove(self.address(name))

    def _all(self) -> dict[str, Entry]:
        """Every file below, in one listing: a question for each would take a round trip each."""
        return {name: _entry(info) for name, info in remote.find(self.place).items()}


def open_folder(place: str) -> Folder:
    """The folder at a path or URL; it need not exist."""
    place = remote.local_path(place)
    return RemoteFolder(place.rstrip("/")) if remote.is_url(place) else LocalFolder(str(Path(place).resolve()))


def _entry(info: dict[str, Any]) -> Entry:
    return Entry(int(info.get("size") or 0), remote.modified_ns(info))
