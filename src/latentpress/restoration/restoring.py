"""Restoring a picture that was JPEG-coded: from a file or a picture to a clean picture of the same size."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latentpress.contents import FileSource, contents_of
from latentpress.errors import InvalidInputError, SettingError, UnsupportedError
from latentpress.image import Image, read
from latentpress.memory import telling
from latentpress.restoration.blind import estimate_coding
from latentpress.restoration.calibration import patterned
from latentpress.restoration.jpeg import JpegPicture, is_jpeg, read_jpeg
from latentpress.restoration.network import Restorer
from latentpress.restoration.projection import Projection
from latentpress.restoration.tables import Quantisation, standard_quantisation

__all__ = ["Origin", "Restored", "check_wishes", "restore"]

Origin = Literal["file", "hint", "estimate"]
"""Where the quantisation was taken from: the file's tables, the caller's quality, or the pixels."""

_RESAVED = 15  # qualities that the estimate has to be below the file's own to be believed


@dataclass(frozen=True)
class Restored:
    """``image``: the result, upright, with the source's metadata. ``quantisation``: what the artefacts were taken for;
    ``origin``: who said so. ``projected``: whether the result was held to the file's quantisation intervals; then
    ``kept`` is the share of whole blocks whose coefficients stay the same when it is compressed again.
    """

    image: Image
    quantisation: Quantisation
    origin: Origin
    projected: bool
    kept: float | None


@telling()
def restore(
    source: FileSource | Image,
    *,
    model: str | Restorer | None = None,
    threads: int | None = None,
    strength: float = 1.0,
    quality: int | None = None,
    project: bool | None = None,
) -> Restored:
    """Take the JPEG artefacts out of a picture.

    source: a file or its bytes, JPEG or any that `latentpress.read_image` takes, or an `Image`. model: name of a model
    package or its folder, None for the default, or a `Restorer`, which has threads of its own. threads: of the CPU,
    None for all cores. strength: share of the correction, 0..1. quality: the libjpeg quality 1..100
    that the artefacts come from, in place of what the file's tables say. project: hold the result to the file's
    quantisation intervals; None does so where the tables are the file's own.

    Without ``quality`` the tables of a JPEG file are used, unless its pixels show that it was coded at a much lower
    quality before (it was saved again). For other pictures the coding is estimated, with the place of the blocks.

    Raises InvalidInputError for an unreadable source, a wrong setting, and a picture that shows no sign of JPEG
    coding; UnsupportedError for CMYK JPEGs and deep pictures.
    """
    check_wishes(strength, quality)
    restorer = model if isinstance(model, Restorer) else _shared(model, threads)
    given = source if isinstance(source, Image) else contents_of(source)
    if isinstance(given, bytes) and is_jpeg(given):
        return _restore_jpeg(read_jpeg(given), restorer, strength, quality, project)
    if project:
        raise SettingError(f"{SettingError.name('project')} is for JPEG files: the file's own tables are needed")
    if isinstance(given, bytes):
        from io import BytesIO

        given = read(BytesIO(given))
    return _restore_image(given, restorer, strength, quality)


def check_wishes(strength: float, quality: int | None) -> None:
    """Raise InvalidInputError for a strength outside 0..1 or a quality outside 1..100."""
    if not 0 <= strength <= 1:
        raise InvalidInputError(f"strength must be 0 to 1, not {strength}")
    if quality is not None:
        standard_quantisation(quality)


@functools.lru_cache(maxsize=2)
def _shared(model: str | None, threads: int | None) -> Restorer:
    """One network of each kind, so that it is loaded once."""
    return Restorer(model, threads=threads)


def _restore_jpeg(
    jpeg: JpegPicture, restorer: Restorer, strength: float, quality: int | None, project: bool | None
) -> Restored:
    patterns = patterned(jpeg.pixels)
    quantisation, origin, phase = _coding(jpeg, quality, patterns)
    if project and origin != "file":
        raise SettingError(
            "the file's own tables are not those of the artefacts (it was saved again, or a quality was given), "
            f"so there is nothing to project on; leave {SettingError.name('project')} out"
        )
    projection = Projection(jpeg) if origin == "file" and project is not False else None
    pixels, kept = jpeg.pixels, None
    if strength > 0:
        pixels = restorer.restore(pixels, quantisation, phase=phase, strength=strength, patterns=patterns)
    if projection is not None:
        pixels = projection(pixels) if strength > 0 else pixels
        kept = projection.kept(pixels)
    return Restored(jpeg.with_pixels(pixels), quantisation, origin, kept is not None, kept)


def _coding(jpeg: JpegPicture, quality: int | None, patterns: bool) -> tuple[Quantisation, Origin, tuple[int, int]]:
    """What the artefacts of a JPEG file come from, and the phase of their blocks."""
    own = jpeg.quantisation
    if quality is not None:
        return standard_quantisation(quality, own.subsampling), "hint", (0, 0)
    found = None if patterns else estimate_coding(jpeg.pixels)  # patterns look coded by chance
    if found is not None and found.quality < own.quality - _RESAVED:
        return standard_quantisation(found.quality), "estimate", found.phase
    return own, "file", (0, 0)


def _restore_image(image: Image, restorer: Restorer, strength: float, quality: int | None) -> Restored:
    if image.bit_depth != 8:
        raise UnsupportedError(f"{image.bit_depth}-bit pictures cannot be restored; JPEG artefacts have 8 bits")
    colour: NDArray[np.uint8] = image.pixels[:, :, : image.channels - image.has_alpha].astype(np.uint8, copy=False)
    found = estimate_coding(colour)
    if quality is None and found is None:
        raise SettingError(
            f"the picture shows no sign of JPEG coding; give {SettingError.name('quality')} if it was a JPEG once"
        )
    chosen = quality if quality is not None or found is None else found.quality
    assert chosen is not None
    quantisation = standard_quantisation(chosen)
    result = image.pixels
    if strength > 0:
        phase = found.phase if found is not None else (0, 0)
        clean = restorer.restore(colour, quantisation, phase=phase, strength=strength)
        result = np.concatenate([clean, image.pixels[:, :, colour.shape[2] :]], axis=2)
    origin: Origin = "hint" if quality is not None else "estimate"
    return Restored(Image(result, 8, image.metadata), quantisation, origin, False, None)
