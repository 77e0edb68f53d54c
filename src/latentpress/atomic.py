"""Output files and folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from latentpress.errors import InvalidInputError, LatentPressError

__all__ = ["atomic_folder", "atomic_output"]


@contextlib.contextmanager
def atomic_output(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open ``path`` for writing so that it changes only if the block ends without an exception.

    The bytes go to a hidden temporary file in the same folder (a rename across file systems would not be atomic),
    are flushed to the disk, and then take the place of ``path`` in one step. If the block fails, whatever was at
    ``path`` before is untouched and the temporary file is gone. A symbolic link keeps pointing where it did, and an
    existing file keeps its permissions. A device or pipe (``/dev/null``, ``/dev/stdout``) cannot be replaced and is
    written directly.

    Yields a binary file without a descriptor, open for writing and seekable unless ``path`` is a device or a pipe.

    Raises InvalidInputError if the place cannot be written to, LatentPressError if the disk refuses the data, while
    they are written or at the end; an exception from the block itself passes through unchanged.
    """
    try:
        # what Linux shows of a pipe is a link to no name: /dev/stdout, and >(...) of a shell
        target = Path(path if Path(path).is_fifo() else os.path.realpath(path))
    except ValueError as error:
        raise InvalidInputError(f"cannot write {str(path)!r}: {error}") from error
    mode = _existing_mode(target)
    if mode is not None and stat.S_ISDIR(mode):
        raise InvalidInputError(f"cannot write {path}: it is a folder")
    device = mode is not None and not stat.S_ISREG(mode)
    temporary = target if device else target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    raw = _open(temporary, path, "wb" if device else "xb")
    try:
        yield _Output(raw, path)  # type: ignore[misc]  # all of a BinaryIO that writers use
        with _naming(path):
            raw.flush()
            if not device:
                os.fsync(raw.fileno())
                if mode is not None:
                    os.chmod(temporary, stat.S_IMODE(mode))
                raw.close()
                os.replace(temporary, target)
    finally:
        with contextlib.suppress(OSError):  # what could not be flushed has been told of
            raw.close()
        if not device:  # after a successful rename there is nothing left to remove
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A new folder to fill, which becomes ``path`` when the block ends without an exception, and else is gone.

    Raises InvalidInputError, before the block, if there is something at ``path``.
    """
    target = Path(path)
    if target.exists():
        raise InvalidInputError(f"{target} exists already; remove it or choose another folder")
    above = next(parent for parent in target.absolute().parents if parent.exists())
    with tempfile.TemporaryDirectory(dir=above, prefix=f".{target.name}-") as scratch:
        folder = Path(scratch) / target.name
        folder.mkdir()
        yield folder
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, target)


@contextlib.contextmanager
def _naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Make what the system refuses an error that names the place."""
    try:
        yield
    except OSError as error:
        raise LatentPressError(f"cannot write {path}: {error.strerror or error}") from error


class _Output(io.BufferedIOBase):
    """A file being written whose failures name the place that the caller gave. It shows no descriptor: libraries that
    see one write past the file object, and then say of a full disk what they like.
    """

    def __init__(self, raw: BinaryIO, path: str | os.PathLike[str]) -> None:
        self._raw, self._path = raw, path

    def write(self, data: Any) -> int:
        with _naming(self._path):
            return self._raw.write(data)

    def flush(self) -> None:
        if not self._raw.closed:
            with _naming(self._path):
                self._raw.flush()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with _naming(self._path):  # what is buffered is written first
            return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def seekable(self) -> bool:
        return self._raw.seekable()

    def writable(self) -> bool:
        return True


def _existing_mode(target: Path) -> int | None:
    """The file mode of what is at ``target``, or None if nothing is (or nothing can be seen) there."""
    try:
        return target.stat().st_mode
    except OSError:
        return None


def _open(target: Path, shown: str | os.PathLike[str], mode: str) -> BinaryIO:
    """Open ``target``; on failure name the path that the caller gave."""
    try:
        return open(target, mode)  # type: ignore[return-value]  # the mode is binary
    except OSError as error:
        raise InvalidInputError(f"cannot write {shown}: {error.strerror or error}") from error
