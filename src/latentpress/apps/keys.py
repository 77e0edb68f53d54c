"""Where the key of encrypted files comes from: a file, the environment, or the terminal; never an argument."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from latentpress.encryption import check_key
from latentpress.errors import InvalidInputError

__all__ = ["VARIABLE", "KeyFile", "find_key"]

VARIABLE = "LATENTPRESS_KEY"
"""Environment variable with a pass phrase."""

KeyFile = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help=f"Key of encrypted files: what this file holds; without it {VARIABLE}, or the terminal asks.",
    ),
]


def find_key(file: str | None, *, new: bool) -> bytes:
    """The key: of the file without the line end that an editor leaves, of the environment, or typed without an echo.

    new: whether it is to encrypt with, so that it is typed twice. Raises InvalidInputError if there is none.
    """
    if file is not None:
        from latentpress.apps.streams import read_bytes

        return check_key(read_bytes(file).removesuffix(b"\n").removesuffix(b"\r"))
    if os.environ.get(VARIABLE):
        return check_key(os.environ[VARIABLE])
    if not _asks():
        raise InvalidInputError(f"there is no key: give --key-file FILE, or set {VARIABLE}")
    return check_key(typer.prompt("Key", hide_input=True, confirmation_prompt=new, err=True))


def _asks() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()
