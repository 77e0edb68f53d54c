"""``latentpress desktop`` and ``latentpress thumbnail``: .lpx files in the file managers of Linux desktops."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

import latentpress
from latentpress.apps import options, streams

__all__ = ["desktop", "thumbnail"]

# Shared MIME-info, version 0.21, and the thumbnailer files that Nautilus, Nemo, Caja and Thunar's tumbler read.
_MIME = """<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="image/x-latentpress">
    <comment>LatentPress picture</comment>
    <magic priority="80"><match type="string" offset="0" value="\\x8fLPX\\r\\n"/></magic>
    <glob pattern="*.lpx"/>
    <generic-icon name="image-x-generic"/>
  </mime-type>
</mime-info>
"""
_THUMBNAILER = """[Thumbnailer Entry]
Exec={command} thumbnail %i %o --size %s --force
MimeType=image/x-latentpress;
"""


def desktop(
    remove: Annotated[bool, typer.Option("--remove", help="Take it away again.")] = False,
    prefix: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", show_default="$XDG_DATA_HOME or ~/.local/share", help="Data folder of the desktop."
        ),
    ] = None,
) -> None:
    """Tell the Linux desktop what .lpx files are: their type, and who draws thumbnails of them.

    Writes mime/packages/latentpress.xml and thumbnailers/latentpress.thumbnailer into the data folder of the user, or
    of all users with --prefix /usr/local/share. File managers show thumbnails from their next start on.

    Example: latentpress desktop
    """
    root = prefix or Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    command = shutil.which("latentpress")
    words = [command] if command else [sys.executable, "-m", "latentpress"]
    files = {
        root / "mime" / "packages" / "latentpress.xml": _MIME,
        root / "thumbnailers" / "latentpress.thumbnailer": _THUMBNAILER.format(command=shlex.join(words)),
    }
    for path, text in files.items():
        if remove:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            streams.write_bytes(str(path), text.encode())
        streams.report(f"{path}: {'removed' if remove else 'written'}", "", quiet=False)
    updater = shutil.which("update-mime-database")
    if updater and (root / "mime" / "packages").is_dir():
        subprocess.run([updater, str(root / "mime")], check=False)
    else:
        streams.report("run update-mime-database on the mime folder where the desktop has it", "", quiet=False)


def thumbnail(
    source: Annotated[str, typer.Argument(metavar="IN", help="An .lpx file, - for stdin.")],
    output: Annotated[str, typer.Argument(metavar="OUT", help="PNG file to write, - for stdout.")],
    size: Annotated[
        int, typer.Option(min=1, max=4096, help="Longest side, in pixels; small pictures stay small.")
    ] = 256,
    force: options.Force = False,
) -> None:
    """Write a small PNG picture of an .lpx file.

    Example: latentpress thumbnail photo.lpx photo-small.png --size 128
    """
    data = streams.read_bytes(source)
    output = streams.choose_output(source, output, ".png", force=force)
    with streams.naming(source):
        picture = latentpress.decompress(data, threads=1).to_depth(8).to_pillow()
    picture.thumbnail((size, size))
    streams.write_picture(output, latentpress.Image.from_pillow(picture).with_metadata(latentpress.Metadata()))
