"""What the wrapped programs share: pictures they can take, and how they are run."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from latentpress.errors import InvalidInputError, LatentPressError, MissingExtraError, UnsupportedError
from latentpress.metrics._pictures import Picture, same_shape

__all__ = ["MissingCommandError", "as_rgb", "png", "run"]

_TIMEOUT = 600.0  # seconds; a minute would do for hundreds of megapixels


class MissingCommandError(MissingExtraError):
    """A program outside Python's packages is needed: `feature` what was asked for, `extra` the command's name."""

    def __init__(self, feature: str, command: str) -> None:
        super().__init__(feature, command)
        self.args = (
            f"{feature} needs the command {command!r}, which is not installed (Debian: apt install {command})",
        )


def as_rgb(reference: Picture, distorted: Picture, metric: str, least: int) -> list[NDArray[np.uint8]]:
    """Both pictures as uint8 (H, W, 3), gray three times over; refuses other samples and sides under `least`."""
    first, second = same_shape(reference, distorted)
    if first.dtype != np.uint8 or second.dtype != np.uint8:
        raise UnsupportedError(f"{metric} takes pictures of 8 bits, not of {first.dtype} and {second.dtype}")
    if first.ndim == 2:
        first, second = first[..., None], second[..., None]
    if first.ndim != 3 or first.shape[2] not in (1, 3):
        raise InvalidInputError(f"{metric} takes gray and RGB pictures, not the shape {first.shape}")
    if min(first.shape[:2]) < least:
        raise InvalidInputError(
            f"{metric} needs sides of at least {least} pixels, not {first.shape[1]}x{first.shape[0]}"
        )
    whole = (*first.shape[:2], 3)
    return [np.ascontiguousarray(np.broadcast_to(picture, whole)) for picture in (first, second)]


def png(picture: NDArray[np.uint8]) -> io.BytesIO:
    """The picture as a PNG file in memory, quick rather than small."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", compress_level=1)
    stream.seek(0)
    return stream


def run(command: list[str], folder: Path, metric: str) -> str:
    """The standard output of a program run in `folder`; its last line of complaint as an error if it fails."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LatentPressError(f"{metric} could not be run: {error}") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise LatentPressError(f"{metric} failed with status {done.returncode}: {said}")
    return done.stdout
