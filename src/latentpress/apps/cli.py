"""The ``latentpress`` command: its subcommands, and how every one of them ends.

Exit status: 0 success, 1 failure (I/O, engine, missing extra), 2 bad usage or bad input, 130 interrupted. Whatever goes
wrong is one line on standard error. Commands import what they need when they run: starting up is part of their time.
"""

from __future__ import annotations

import atexit
import functools
import gc
import itertools
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import latentpress
from latentpress.apps.texts import tell
from latentpress.errors import (
    CorruptFileError,
    InvalidInputError,
    LatentPressError,
    LimitError,
    SettingError,
    UnsupportedError,
)

__all__ = ["app", "main"]

_FEW_CYCLES = 50_000
"""Objects between two searches for cycles; the usual 700 are hundreds of searches of modules that stay."""

_BAD_INPUT = (CorruptFileError, InvalidInputError, LimitError, UnsupportedError)

_COMMANDS = {
    "compress": "compress",
    "decompress": "compress",
    "standardise": "standardise",
    "restore": "restore",
    "inspect": "inspect",
    "codecs": "inspect",
    "train": "train",
    "export": "train",
    "pack-training": "pack",
    "unpack-training": "pack",
    "complexity": "complexity",
    "slim": "slim",
    "bench": "bench",
    "compare": "compare",
    "reproduce": "reproduce",
    "session": "session",
    "session-scores": "session",
    "serve": "serve",
    "thumbnail": "desktop",
    "desktop": "desktop",
}
"""Commands, and the modules that have them as functions. One is made when it is called: a start pays for no other."""

_SETTINGS: dict[str, Any] = {
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


class _OneLineErrors(TyperGroup):
    """The command group, with every expected error turned into one line and an exit status."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name, made now; None if there is none."""
        return _made(cmd_name) if cmd_name in _COMMANDS else None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command and end the process with its status."""
        try:
            status = super().main(
                args,
                prog_name=prog_name or "latentpress",
                complete_var=complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
        except typer.TyperException as error:
            message = _usage(error)
            status = _fail(message and message + _quality_meant(args), error.exit_code)
        except SettingError as error:
            status = _fail(error.spelled(lambda name: f"--{name.replace('_', '-')}"), 2)
        except _BAD_INPUT as error:
            status = _fail(str(error) + _quality_meant(args), 2)
        except LatentPressError as error:
            status = _fail(str(error), 1)
        except OSError as error:
            place = f": {error.filename}" if error.filename else ""
            status = _fail(f"{error.strerror or error}{place}", 1)
        except MemoryError:
            status = _fail("out of memory", 1)
        sys.exit(status or 0)


def _fail(message: str, status: int) -> int:
    """Print ``message`` as one line on standard error."""
    if message:  # empty after the help that a call without arguments prints
        tell(f"latentpress: {message}")
    return status


def _quality_meant(args: Sequence[str] | None) -> str:
    """What to say to those who know ``-q 80`` from other encoders, if anything."""
    words = list(sys.argv[1:] if args is None else args)
    for word, following in itertools.pairwise(words):
        if word == "-q" and following.replace(".", "", 1).isdigit():
            return f" (-q is --quiet; for that quality write --quality {following})"
    return ""


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: Any = None, line: Any = None
) -> None:
    """A warning for users is a line; where in the program it came up is nothing to them."""
    tell(f"warning: {message}")


def _usage(error: typer.TyperException) -> str:
    """What is wrong with the command line, and where to read how it is meant."""
    message = (
        error.format_message().replace("valid float range", "number").replace("valid integer range", "whole number")
    )
    context = getattr(error, "ctx", None)
    return f"{message} See: {context.command_path} --help" if message and context else message


def _version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        print(f"latentpress {latentpress.__version__}")
        raise typer.Exit


def _top(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """LatentPress: compress pictures with a learned codec, into files that decode on every machine.

    A picture becomes an .lpx file and comes back:

    latentpress compress photo.png

    latentpress decompress photo.lpx restored.png

    "-" stands for standard input and output. Exit status: 0 done, 1 failure, 2 bad usage or bad input.
    """


app = typer.Typer(cls=_OneLineErrors, no_args_is_help=True, **_SETTINGS)
app.callback()(_top)
for _name in _COMMANDS:  # for lists and suggestions
    app.command(_name)(lambda: None)


@functools.cache
def _made(name: str) -> Any:
    """The command of a name, with its module and its options."""
    one = typer.Typer(add_completion=False, **_SETTINGS)
    one.command(name)(getattr(import_module(f"latentpress.apps.{_COMMANDS[name]}"), name.replace("-", "_")))
    return typer.main.get_command(one)


def main() -> None:
    """Entry point of the ``latentpress`` script."""
    warnings.showwarning = _show_warning
    gc.set_threshold(_FEW_CYCLES)
    try:
        app()
    except SystemExit as end:
        _leave(end)


def _leave(end: SystemExit) -> None:
    """End the process without taking networks and modules apart, which go with it."""
    if not isinstance(end.code, int):
        raise end  # with a message, or nothing
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        raise end from None  # the interpreter tells
    os._exit(end.code)
