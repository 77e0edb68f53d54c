"""``latentpress compress --frames``: a file for each frame of an animation, each page of a TIFF."""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from latentpress import Metadata, remote
from latentpress.apps import streams
from latentpress.apps.progress_line import progress_line
from latentpress.encryption import encrypt
from latentpress.errors import InvalidInputError

if TYPE_CHECKING:
    from latentpress.codecs.settings import Settings

__all__ = ["compress_frames"]


def compress_frames(
    coding: Settings, source: str, output: str | None, key: bytes | None, *, strip: bool, force: bool, quiet: bool
) -> None:
    """Write ``OUT/NAME-0001.lpx`` and so on; without OUT the folder is called as the input without its ending.

    Raises as reading, coding and writing do, and InvalidInputError for a folder, and for files that are there already
    without ``force``, before any work is done for them. What was written before an error stays.
    """
    from latentpress.image import read_frames

    if output == streams.STANDARD or (output is None and source == streams.STANDARD):
        raise InvalidInputError("--frames makes several files: name a folder for them")
    place = remote.local_path(source)
    name = "frame" if source == streams.STANDARD else PurePosixPath(place).stem
    folder = remote.local_path(place[: -len(PurePosixPath(place).suffix)] if output is None else output)
    if folder == place or (not remote.is_url(folder) and Path(folder).is_file()):
        raise InvalidInputError(f"{folder} is a file; name a folder for the frames")
    pixels = total = count = 0
    for image in read_frames(io.BytesIO(streams.read_bytes(source))):
        count += 1
        file = streams.choose_output(source, f"{folder}/{name}-{count:04}.lpx", ".lpx", force=force)
        with progress_line(f"frame {count}", image.width * image.height, quiet=quiet):
            data = coding(image.with_metadata(Metadata()) if strip else image)
        data = data if key is None else encrypt(data, key)
        if count == 1 and not remote.is_url(folder):
            Path(folder).mkdir(parents=True, exist_ok=True)
        streams.write_bytes(file, data)
        pixels, total = pixels + image.width * image.height, total + len(data)
    line = f"{folder}: {count} frames, {total:,} bytes, {8 * total / pixels:.3f} bpp"
    streams.report(line, folder, quiet=quiet)
