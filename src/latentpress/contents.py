"""The bytes of a file, wherever a caller has it: in memory, at a path, behind an open stream."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, TypeAlias

from latentpress.errors import InvalidInputError

__all__ = ["FileSource", "contents_of"]

FileSource: TypeAlias = str | os.PathLike[str] | BinaryIO | bytes | bytearray | memoryview
"""A path, a binary stream that is open for reading, or the bytes themselves."""


def contents_of(source: FileSource) -> bytes:
    """The bytes of ``source``; raises InvalidInputError if it cannot be read."""
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else "the input"
    try:
        if isinstance(source, str | os.PathLike):
            return Path(source).read_bytes()
        found = source.read() if hasattr(source, "read") else source
        return found if isinstance(found, bytes) else memoryview(found).cast("B").tobytes()
    except (TypeError, BufferError):
        kind = type(source).__name__
        raise InvalidInputError(f"a file must be a path, bytes or open in binary mode, not {kind}") from None
    except (OSError, ValueError) as error:  # ValueError: a null character, a closed file
        raise InvalidInputError(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from error
