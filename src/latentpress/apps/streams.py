"""Where a command reads and writes: files, URLs, or standard input and output for ``-``."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from latentpress import limits, remote
from latentpress.apps.texts import plain, tell
from latentpress.atomic import atomic_output
from latentpress.contents import contents_of
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError, LimitError, UnsupportedError
from latentpress.image import FirstFrameWarning, Image, read, write
from latentpress.image.endings import PICTURES, encode_picture

__all__ = [
    "STANDARD",
    "allow_pixels",
    "choose_output",
    "layout",
    "naming",
    "one_output",
    "read_bytes",
    "read_picture",
    "report",
    "shown",
    "size_of",
    "telling",
    "write_bytes",
    "write_picture",
]

STANDARD = "-"
"""Stands for standard input or standard output in place of a path."""


def shown(place: str, kind: str = "standard input") -> str:
    """``place`` as a message calls it."""
    return kind if place == STANDARD else place


def choose_output(source: str, output: str | None, suffix: str, *, force: bool) -> str:
    """Decide where a result goes, before any work is done for it.

    source: the input. output: what the user gave, or None: then the input's name with ``suffix``, beside it, or
    standard output when the input is standard input. force: whether an existing file may be replaced.

    Raises InvalidInputError for the input itself, an existing file without ``force``, binary data on a terminal, an
    ending that promises another kind of file than ``suffix``, and a folder, there or not.
    """
    if output is None:
        output = STANDARD if source == STANDARD else _beside(source, suffix)
    if output in (STANDARD, "/dev/stdout"):
        output = STANDARD
        if sys.stdout.isatty():
            raise InvalidInputError("not writing binary data to a terminal; name an output file or redirect")
        return output
    output = remote.local_path(output)
    if remote.is_url(output):
        if output == source:
            raise InvalidInputError(f"{output} is the input itself; choose another output")
        if not force and remote.info(output) is not None:
            raise InvalidInputError(f"{output} exists; use --force to replace it")
        _check_promise(output, suffix)
        return output
    path, source = Path(output), remote.local_path(source)
    with contextlib.suppress(OSError):  # a place that cannot be looked at fails when it is written to
        if source != STANDARD and path.exists() and path.samefile(source):
            raise InvalidInputError(f"{output} is the input itself; choose another output")
        if path.is_dir():
            raise InvalidInputError(f"{output} is a folder; name a file in it")
        if path.is_file() and not force:
            raise InvalidInputError(f"{output} exists; use --force to replace it")
    _check_promise(output, suffix)
    return output


def _check_promise(output: str, suffix: str) -> None:
    """Raise InvalidInputError if the name of an output promises something else. Endings that nobody knows are free."""
    if output.endswith(("/", os.sep)):
        raise InvalidInputError(f"{output} names a folder; name a file in it, as in {output}result{suffix}")
    ending = PurePosixPath(output).suffix.lower()
    known = {"a picture": PICTURES, "a page": (".html", ".htm"), "an .lpx file": (".lpx",)}
    kind = next(kind for kind, endings in known.items() if suffix in endings)
    if any(ending in endings for name, endings in known.items() if name != kind):
        raise InvalidInputError(f"{output} would not be what its ending says: the result is {kind}, name it *{suffix}")


def one_output(argument: str | None, option: str | None) -> str | None:
    """The output, given as an argument or with ``-o``; raises InvalidInputError for both."""
    if argument is not None and option is not None:
        raise InvalidInputError(f"there are two outputs, {argument} and {option}; give one")
    return option if argument is None else argument


def _beside(source: str, suffix: str) -> str:
    """The path or URL of ``source`` with another ending."""
    source = remote.local_path(source)
    folder, slash, name = source.rpartition("/") if remote.is_url(source) else ("", "", source)
    try:
        return f"{folder}{slash}{Path(name).with_suffix(suffix)}"
    except ValueError:
        raise InvalidInputError(f"cannot read {source or 'a file without a name'}: it is not a file") from None


def size_of(source: str) -> int | None:
    """Bytes of an input that is a file of this machine, None of others."""
    try:
        return Path(remote.local_path(source)).stat().st_size
    except (OSError, ValueError):
        return None


def read_bytes(source: str) -> bytes:
    """The whole input; raises InvalidInputError if it cannot be read."""
    if source == STANDARD:
        return sys.stdin.buffer.read()
    source = remote.local_path(source)
    if remote.is_url(source):
        return remote.read(source)
    return contents_of(source)


def read_picture(source: str, data: bytes | None = None) -> Image:
    """The picture in the input; raises as `latentpress.image.read`. A warning is a line on standard error.

    data: the input's bytes, if they have been read.
    """
    source = remote.local_path(source)
    if source == STANDARD or remote.is_url(source):
        data = read_bytes(source) if data is None else data
    else:
        data = None
    with telling(FirstFrameWarning):
        return read(source if data is None else io.BytesIO(data))


def layout(image: Image) -> str:
    """Size, channels and depth of a picture in words."""
    depth = f" {image.bit_depth}-bit" if image.bit_depth > 8 else ""
    return f"{image.width}x{image.height} {image.mode}{depth}"


def allow_pixels(count: int | None) -> None:
    """Set the largest picture that this process accepts; None leaves the default."""
    if count is not None:
        limits.MAX_PIXELS = count


def write_bytes(output: str, data: bytes) -> None:
    """Write ``data``: a path or URL gets the whole file or nothing."""
    if output == STANDARD:
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise LatentPressError(f"cannot write standard output: {error.strerror or error}") from error
        return
    if remote.is_url(output):
        remote.write(output, data)
        return
    with atomic_output(output) as stream:
        stream.write(data)


def write_picture(output: str, image: Image) -> None:
    """Write a picture in the format of the path's ending, or PNG to standard output.

    Raises as `latentpress.image.write`.
    """
    if output == STANDARD:
        buffer = io.BytesIO()
        write(image, buffer)
        write_bytes(output, buffer.getvalue())
    elif remote.is_url(output):
        write_bytes(output, encode_picture(image, PurePosixPath(output).suffix))
    else:
        write(image, output)


def report(line: str, output: str, *, quiet: bool) -> None:
    """Print a result line: to standard output, or to standard error when standard output carries the data."""
    if not quiet:
        print(plain(line), file=sys.stderr if output == STANDARD else sys.stdout)


@contextlib.contextmanager
def telling(kind: type[Warning]) -> Iterator[None]:
    """Warnings of a kind as lines on standard error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", kind)
        yield
    for warning in caught:
        tell(f"warning: {warning.message}")


@contextlib.contextmanager
def naming(source: str) -> Iterator[None]:
    """Put the input's name in front of what is wrong with its contents."""
    try:
        yield
    except (CorruptFileError, LimitError, UnsupportedError) as error:
        raise type(error)(f"{shown(source)}: {error}") from error
