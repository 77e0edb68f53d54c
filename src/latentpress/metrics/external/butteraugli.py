"""Butteraugli (Alakuijala et al., Google, 2016), by the command `butteraugli`."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from latentpress.errors import LatentPressError
from latentpress.metrics._pictures import Picture
from latentpress.metrics.external._tools import MissingCommandError, as_rgb, png, run

__all__ = ["score"]


def score(reference: Picture, distorted: Picture) -> float:
    """Butteraugli's distance of two 8-bit sRGB or gray pictures: 0 (equal) up, without unit; lower is better.

    The largest difference of any place in the picture: under about 1, none that most people see. The command in Debian
    is Google's of 2017; the versions inside libjxl use other constants, and their figures cannot be set beside these.

    Raises `MissingCommandError` (a `MissingExtraError`) without the command, `UnsupportedError` for 16-bit pictures,
    `InvalidInputError` for shapes that differ or sides under 8 pixels, `LatentPressError` if the command fails.
    """
    command = shutil.which("butteraugli")
    if command is None:
        raise MissingCommandError("Butteraugli", "butteraugli")
    pictures = as_rgb(reference, distorted, "Butteraugli", least=8)
    with tempfile.TemporaryDirectory(prefix="latentpress-") as name:
        folder = Path(name)
        for file, picture in zip(("reference.png", "distorted.png"), pictures, strict=True):
            (folder / file).write_bytes(png(picture).getvalue())
        said = run([command, "reference.png", "distorted.png"], folder, "Butteraugli")
    try:
        return float(said.split()[0])
    except (IndexError, ValueError) as error:
        raise LatentPressError(f"Butteraugli answered {said.strip()!r} instead of a number") from error
