"""Files of JSON Lines that grow while work goes on, and outlive a process that is killed in the middle of a line."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

from latentpress.errors import CorruptFileError, InvalidInputError

__all__ = ["Journal", "read_journal"]


class Journal:
    """A file to which records are appended, each passed to the system before `append` returns.

    What a killed process left of its last line is cut off when the file is opened. One process at a time can have a
    journal open, where the system has file locks; they vanish with the process.

    Raises InvalidInputError if the file cannot be opened or another process has it open.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._stream = open(path, "ab")  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise InvalidInputError(f"cannot write {path}: {error.strerror or error}") from error
        try:
            _lock(self._stream.fileno(), path)
            self._stream.truncate(sum(map(len, _whole_lines(path.read_bytes()))))
        except BaseException:
            self._stream.close()
            raise

    def append(self, record: dict[str, Any]) -> None:
        """Add a line. After it the record outlives this process, though not a power cut."""
        self._stream.write(json.dumps(record, allow_nan=False, ensure_ascii=False).encode() + b"\n")
        self._stream.flush()

    def clear(self) -> None:
        """Forget everything in the file."""
        self._stream.truncate(0)

    def close(self) -> None:
        """Close the file and let others open it."""
        self._stream.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_journal(path: Path, *, cut: bool = False) -> list[dict[str, Any]]:
    """The records of a file.

    cut: take what stands before the first damaged line instead of raising CorruptFileError.

    Raises InvalidInputError if the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"cannot read {path}: {error.strerror or error}") from error
    whole = _whole_lines(data)
    if not cut and sum(map(len, whole)) != len(data):
        raise CorruptFileError(f"{path}: line {len(whole) + 1} is not a whole JSON object")
    return [json.loads(line) for line in whole]


def _whole_lines(data: bytes) -> list[bytes]:
    """The lines before the first that has no end or is no JSON object."""
    whole = []
    for line in data.splitlines(keepends=True):
        if not line.endswith(b"\n") or not _is_object(line):
            break
        whole.append(line)
    return whole


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _lock(file: int, path: Path) -> None:
    """Take the file for this process, or raise InvalidInputError."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InvalidInputError(f"another run is writing to {path}") from None
    except OSError:  # a file system without locks
        return
