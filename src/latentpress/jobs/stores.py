"""`Folder`: where a job reads and writes - a folder of this machine, or one behind a URL - behind one interface."""

from __future__ import annotations

import contextlib
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
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
    def write(self, name: str, data: bytes, modified_ns: int | None = None) -> None:
        """Write a whole file or nothing; raises LatentPressError, InvalidInputError. modified_ns: when it is to have
        been changed last, in nanoseconds since 1970, where the store can be told.
        """

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file, if it is there and can be removed."""

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against other jobs for the length of the block, where its store has locks.

        Raises InvalidInputError if another job holds it.
        """
        yield


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
        """See `Folder.entries`. Results have the times of their sources: here counts when they were put there."""
        found = ((name, entry_of(Path(self.place, name), lambda stat: stat.st_ctime_ns)) for name in names)
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

    def write(self, name: str, data: bytes, modified_ns: int | None = None) -> None:
        """See `Folder.write`."""
        path = Path(self.place, name)
        _make_folder(path.parent)
        with atomic_output(path) as stream:
            stream.write(data)
        if modified_ns is not None:
            with contextlib.suppress(OSError):  # a file system without such times
                os.utime(path, ns=(modified_ns, modified_ns))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """See `Folder.locked`. The system takes the lock away from a process that ends, however it ends."""
        try:
            import fcntl
        except ImportError:  # Windows
            yield
            return
        _make_folder(Path(self.place))
        handle = os.open(self.place, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # a file system without locks
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise InvalidInputError(
                        f"another job is at work in {self.place}; let it end, or choose another folder"
                    ) from None
            yield
        finally:
            os.close(handle)

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

    def write(self, name: str, data: bytes, modified_ns: int | None = None) -> None:
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


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(f"cannot make the folder {path}: {error.strerror or error}") from error


def _entry(info: dict[str, Any]) -> Entry:
    return Entry(int(info.get("size") or 0), remote.modified_ns(info))
