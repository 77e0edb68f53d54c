"""Read and write picture files through Pillow."""

from __future__ import annotations

import os
import threading
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image as PillowImage
from PIL import ImageOps, UnidentifiedImageError

from latentpress.atomic import atomic_output
from latentpress.errors import InvalidInputError, LatentPressError, LimitError, UnsupportedError
from latentpress.image.image import Image

__all__ = ["read", "write"]

# Plain raster formats only: Pillow would also start Ghostscript for EPS, and accept a dozen formats that few people
# test. JPEG brings MPO, the multi-picture JPEG, with it.
_READABLE = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "QOI", "TGA", "TIFF", "WEBP")

# Formats that hold 8-bit gray and RGB, with the settings that keep them (nearly) without loss.
_WRITABLE: dict[str, dict[str, Any]] = {
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},
    "BMP": {},
    "JPEG": {"quality": 95, "subsampling": "4:4:4"},
    "JPEG2000": {},
    "PNG": {},
    "PPM": {},
    "TIFF": {"compression": "tiff_lzw"},
    "WEBP": {"lossless": True},
}

# warnings.catch_warnings changes global state; the lock keeps our own threads apart.
_warnings_lock = threading.Lock()


def read(source: str | os.PathLike[str] | BinaryIO) -> Image:
    """Read a picture file.

    source: a path, or a binary stream open for reading (it need not be seekable). AVIF, BMP, JPEG, JPEG 2000, PNG,
    PPM/PGM, QOI, TGA, TIFF and WebP files with 8-bit gray or RGB samples are read; EXIF orientation is applied. The
    other metadata (colour profile, EXIF, XMP) are not kept.

    Raises InvalidInputError if there is no such file or it is no readable picture, UnsupportedError for alpha, palette,
    16-bit, CMYK and animated pictures, LimitError above Pillow's ``Image.MAX_IMAGE_PIXELS``.
    """
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else "the picture"
    try:
        with _open(source) as picture:
            _check(picture, name)
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)
            return Image.from_pillow(picture)
    except UnsupportedError as error:
        raise UnsupportedError(f"{name}: {error}") from None
    except LatentPressError:
        raise
    except (PillowImage.DecompressionBombError, PillowImage.DecompressionBombWarning):
        raise LimitError(
            f"{name}: the picture has more pixels than Pillow's limit {PillowImage.MAX_IMAGE_PIXELS}"
        ) from None
    except UnidentifiedImageError:
        raise InvalidInputError(
            f"{name} is not a picture file that LatentPress reads ({', '.join(_READABLE)})"
        ) from None
    except Exception as error:
        # A damaged file makes Pillow raise almost anything: SyntaxError, struct.error, ValueError, EOFError, OSError.
        reason = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
        raise InvalidInputError(f"cannot read {name}: {reason}") from error


def write(image: Image, target: str | os.PathLike[str] | BinaryIO, format: str | None = None) -> None:
    """Write a picture file; a path gets the whole file or nothing.

    target: a path or a binary stream open for writing. format: AVIF, BMP, JPEG, JPEG2000, PNG, PPM, TIFF or WEBP; None
    takes it from the file name's ending, and PNG for a stream. BMP, JPEG 2000, PNG, PPM, TIFF and WebP keep every
    sample; JPEG and AVIF are written at quality 95 with full colour resolution.

    Raises InvalidInputError for a format or ending that is not listed or a place that cannot be written to,
    LatentPressError if the picture does not fit the format or the disk.
    """
    chosen = _format_of(Path(target) if isinstance(target, str | os.PathLike) else None, format)
    if isinstance(target, str | os.PathLike):
        with atomic_output(target) as stream:
            _save(image, stream, chosen, os.fspath(target))
    else:
        _save(image, target, chosen, "the picture")


def _open(source: str | os.PathLike[str] | BinaryIO) -> PillowImage.Image:
    """Parse the head of a picture file, with Pillow's warning about huge pictures turned into its error."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("error", PillowImage.DecompressionBombWarning)
        return PillowImage.open(source, formats=_READABLE)


def _check(picture: PillowImage.Image, name: str) -> None:
    """Refuse what Pillow would read with silent loss: later frames, and 16-bit colour that it cuts to 8 bits."""
    # A multi-picture JPEG (MPO, most telephones) is a photograph followed by previews or depth maps.
    if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
        raise UnsupportedError("animated and many-page pictures are not supported yet; save one frame")
    for tile in getattr(picture, "tile", ()):
        arguments = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if any((isinstance(a, str) and ";16" in a) for a in arguments) or (tile[0] == "ppm" and arguments[1] > 255):
            raise UnsupportedError("16-bit samples are not supported yet; save the picture with 8 bits a sample")


def _format_of(path: Path | None, format: str | None) -> str:
    """Pillow's name of the format to write; raises InvalidInputError if it is not one of ours."""
    if format is None and path is not None:
        chosen = PillowImage.registered_extensions().get(path.suffix.lower(), "")
        wrong = f"the ending '{path.suffix}'" if path.suffix else "a name without an ending"
    else:
        chosen = (format or "PNG").upper()
        wrong = f"the format {format!r}"
    if chosen == "JPG":
        chosen = "JPEG"
    if chosen not in _WRITABLE:
        raise InvalidInputError(
            f"cannot write a picture with {wrong}; use one of {', '.join(_WRITABLE)}, for example .png"
        )
    return chosen


def _save(image: Image, stream: BinaryIO, format: str, name: str) -> None:
    """Encode ``image`` into ``stream``; Pillow's refusals become one line."""
    try:
        image.to_pillow().save(stream, format=format, **_WRITABLE[format])
    except (OSError, ValueError) as error:
        raise LatentPressError(f"cannot write {name} as {format}: {error}") from error
