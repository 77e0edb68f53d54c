"""Read and write picture files."""

from __future__ import annotations

import contextlib
import io
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image as PillowImage
from PIL import ImageOps, UnidentifiedImageError

from latentpress import limits
from latentpress.atomic import atomic_output
from latentpress.container import MAGIC
from latentpress.errors import (
    InvalidInputError,
    LatentPressError,
    LimitError,
    MissingExtraError,
    OutOfMemoryError,
    UnsupportedError,
)
from latentpress.image.deep import is_deep, oriented, read_deep, write_deep
from latentpress.image.display import chunks_of, from_png
from latentpress.image.heif import heif_frames, is_heif
from latentpress.image.image import Image, Samples
from latentpress.image.metadata import Metadata
from latentpress.image.pillow import from_pillow, metadata_of, to_pillow

__all__ = ["FirstFrameWarning", "LostMetadataWarning", "check_ending", "probe", "read", "read_frames", "write"]

# Plain raster formats only: Pillow would also start Ghostscript for EPS, and accept a dozen formats that few people
# test. JPEG brings MPO, the multi-picture JPEG, with it.
_READABLE = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "QOI", "TGA", "TIFF", "WEBP")

# Formats with the settings that keep samples (nearly) without loss, and the modes they hold.
_WRITABLE: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "AVIF": ({"quality": 95, "subsampling": "4:4:4"}, ("L", "RGB", "RGBA")),
    "BMP": ({}, ("L", "RGB")),
    "JPEG": ({"quality": 95, "subsampling": "4:4:4"}, ("L", "RGB")),
    "JPEG2000": ({}, ("L", "LA", "RGB", "RGBA")),
    "PNG": ({"compress_level": 3}, ("L", "LA", "RGB", "RGBA")),  # photographs get no smaller by more, only slower
    "PPM": ({}, ("L", "RGB")),
    "TIFF": ({"compression": "tiff_lzw"}, ("L", "LA", "RGB", "RGBA")),
    "WEBP": ({"lossless": True, "exact": True}, ("L", "LA", "RGB", "RGBA")),
}

# Formats whose writers take metadata from keywords, by what they know.
_METADATA = {
    "AVIF": ("icc_profile", "exif", "xmp"),
    "BMP": ("dpi",),
    "JPEG": ("icc_profile", "exif", "xmp", "dpi"),
    "PNG": ("icc_profile", "exif", "dpi"),
    "TIFF": ("icc_profile", "exif", "dpi"),
    "WEBP": ("icc_profile", "exif", "xmp"),
}

_ORIENTATION = 0x0112
_JPEG_SEGMENT = 65_500  # bytes of EXIF or XMP that a segment of a JPEG file has room for

# warnings.catch_warnings changes global state; the lock keeps our own threads apart.
_warnings_lock = threading.Lock()


class FirstFrameWarning(UserWarning):
    """Only the first of several frames, pages or pictures was read."""


class LostMetadataWarning(UserWarning):
    """A file was written without metadata that its format has no room for."""


def read(source: str | os.PathLike[str] | BinaryIO) -> Image:
    """Read a picture file, with its metadata, EXIF orientation applied.

    source: a path, or a binary stream open for reading (it need not be seekable). AVIF, BMP, GIF, JPEG, JPEG 2000, PNG,
    PPM/PGM, QOI, TGA, TIFF and WebP files are read, HEIC with the extra ``heif``: gray, RGB, palette, black and white,
    with or without alpha, CMYK. Samples of 9 to 16 bits keep their depth in HEIC, PPM, PNG and TIFF. Of an animation or
    a file of many pages the first is read, with a `FirstFrameWarning`; `read_frames` reads all.

    Raises InvalidInputError if there is no such file or it is no readable picture, UnsupportedError for samples that
    are no whole numbers of 8 to 16 bits, LimitError above `latentpress.limits`, OutOfMemoryError, MissingExtraError
    for HEIC without its extra.
    """
    with _opened(source) as (name, frames):
        if len(frames) > 1:
            message = f"{name}: only the first of {len(frames)} frames is read; compress --frames takes all"
            warnings.warn(message, FirstFrameWarning, stacklevel=2)
        return frames[0]()


def read_frames(source: str | os.PathLike[str] | BinaryIO) -> Iterator[Image]:
    """Read the frames of an animation, the pages of a TIFF file or the pictures of an MPO file one after the other.

    Any other picture file is one frame. Source and errors are as in `read`; how long frames are shown is not told.
    """
    with _opened(source) as (_, frames):
        for frame in frames:
            yield frame()


def probe(source: BinaryIO, format: str) -> tuple[int, int, int]:
    """Width, height and channels (1 for gray, 3) that `read` would find in a file without alpha, which is not decoded.

    Raises InvalidInputError unless it is a file of ``format``, LimitError above `latentpress.limits`.
    """
    try:
        with _open(source) as picture:
            if picture.format not in (format, {"JPEG": "MPO"}.get(format)):
                raise InvalidInputError(f"the input is no {format} file")
            limits.check(picture.width, picture.height)
            turned = int(picture.getexif().get(_ORIENTATION, 1)) in (5, 6, 7, 8)
            width, height = picture.size[::-1] if turned else picture.size
            return width, height, 1 if picture.mode == "L" else 3
    except LatentPressError:
        raise
    except Exception as error:  # Pillow raises almost anything for a damaged file
        raise InvalidInputError(f"the input is no readable {format} file") from error


def write(
    image: Image | PillowImage.Image | Samples,
    target: str | os.PathLike[str] | BinaryIO,
    format: str | None = None,
) -> None:
    """Write a picture file with the metadata that the format knows; a path gets the whole file or nothing.

    image: also a Pillow picture or an array, as `latentpress.compress` takes them. target: a path or a binary stream
    open for writing. format: AVIF, BMP, JPEG, JPEG2000, PNG, PPM, TIFF or WEBP; None takes it from the file name's
    ending, and PNG for a stream. BMP, JPEG 2000, PNG, PPM, TIFF and WebP keep every sample; JPEG and AVIF are written
    at quality 95 with full colour resolution. More than 8 bits go into PPM (its own depth), PNG and TIFF (16 bits).

    Raises InvalidInputError for a format or ending that is not listed or a place that cannot be written to,
    UnsupportedError if the format has no alpha or no such depth, LatentPressError if the disk is full.
    """
    if isinstance(image, PillowImage.Image):
        image = Image.from_pillow(image)
    elif not isinstance(image, Image):
        image = Image.from_array(image)
    chosen = _format_of(Path(target) if isinstance(target, str | os.PathLike) else None, format)
    if isinstance(target, str | os.PathLike) and format is None:
        check_ending(image, Path(target).suffix)
    if isinstance(target, str | os.PathLike):
        with atomic_output(target) as stream:
            _save(image, stream, chosen, os.fspath(target))
    else:
        _save(image, target, chosen, "the picture")


def check_ending(image: Image, ending: str) -> None:
    """Raise InvalidInputError for an ending that promises fewer colours than the picture has."""
    ending = ending.lower()
    if ending == ".pbm" or (ending == ".pgm" and image.channels > 2):
        kind = "black and white" if ending == ".pbm" else "gray"
        raise InvalidInputError(f"{ending} files hold {kind}, and this picture is {image.mode}; name it .ppm")


@contextlib.contextmanager
def _opened(
    source: str | os.PathLike[str] | BinaryIO,
) -> Iterator[tuple[str, list[Callable[[], Image]]]]:
    """The name and the frames of a source, each decoded when it is called for, in order.

    Whatever goes wrong inside becomes an error of ours that names the source.
    """
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else "the input"
    with contextlib.ExitStack() as held:
        try:
            if isinstance(source, str | os.PathLike):
                stream: BinaryIO = held.enter_context(Path(source).open("rb"))
            else:
                stream = source if source.seekable() else io.BytesIO(source.read())
            yield name, _frames(stream, held)
        except (UnsupportedError, LimitError, InvalidInputError) as error:
            raise type(error)(f"{name}: {error}") from None
        except MissingExtraError:
            raise
        except UnidentifiedImageError:
            what = f"is not a picture file that LatentPress reads ({', '.join((*_READABLE, 'HEIC'))})"
            if _head(stream).startswith(MAGIC):
                what = "is an .lpx file already; latentpress decompress restores it"
            raise InvalidInputError(f"{name} {what}") from None
        except MemoryError:
            raise OutOfMemoryError(f"{name}: there is not enough memory for the picture") from None
        except Exception as error:
            # A damaged file makes Pillow raise almost anything: SyntaxError, struct.error, ValueError, EOFError.
            reason = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
            raise InvalidInputError(f"cannot read {name}: {reason}") from error


def _frames(stream: BinaryIO, held: contextlib.ExitStack) -> list[Callable[[], Image]]:
    """The frames in a stream; ``held`` closes what it opens."""
    try:
        picture = held.enter_context(_open(stream))
    except UnidentifiedImageError:
        if is_heif(_head(stream)):
            stream.seek(0)
            return heif_frames(stream)
        raise
    limits.check(picture.width, picture.height)
    return [partial(_frame, picture, stream, number) for number in range(getattr(picture, "n_frames", 1))]


def _head(stream: BinaryIO) -> bytes:
    stream.seek(0)
    return stream.read(16)


def _frame(picture: PillowImage.Image, stream: BinaryIO, number: int) -> Image:
    """A frame of an opened picture, upright."""
    picture.seek(number)
    limits.check(picture.width, picture.height)
    if picture.format == "PNG":
        picture.info["display"] = _from_png(picture)
    if not is_deep(picture):
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        return from_pillow(picture)
    stream.seek(0)
    again = _open(io.BytesIO(stream.read()))
    again.seek(number)
    image = read_deep(picture, again, stream)
    orientation = int(picture.getexif().get(_ORIENTATION, 1))
    if orientation != 1:
        picture.getexif()[_ORIENTATION] = 1
        picture.info.pop("exif", None)
    return oriented(image.with_metadata(metadata_of(picture)), orientation)


def _open(source: str | os.PathLike[str] | BinaryIO) -> PillowImage.Image:
    """Parse the head of a picture file. Pillow's own limit on pixels is off: `latentpress.limits` has its place."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", PillowImage.DecompressionBombWarning)
        allowed, PillowImage.MAX_IMAGE_PIXELS = PillowImage.MAX_IMAGE_PIXELS, None
        try:
            return PillowImage.open(source, formats=_READABLE)
        finally:
            PillowImage.MAX_IMAGE_PIXELS = allowed


def _from_png(picture: Any) -> bytes:
    """What an opened file says on how to show it; Pillow goes on where it was."""
    stream = picture.fp
    place = stream.tell()
    try:
        return from_png(stream)
    finally:
        stream.seek(place)


def format_of_ending(ending: str) -> str:
    """Pillow's name of the format of an ending with its dot, empty if it knows none."""
    PillowImage.preinit()  # the usual formats; the other forty take longer to load than a small picture to decode
    return PillowImage.EXTENSION.get(ending.lower()) or PillowImage.registered_extensions().get(ending.lower(), "")


def _format_of(path: Path | None, format: str | None) -> str:
    """Pillow's name of the format to write; raises InvalidInputError if it is not one of ours."""
    if format is None and path is not None:
        chosen = format_of_ending(path.suffix)
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
    if image.bit_depth > 8 and not (image.channels == 1 and format in ("PNG", "TIFF")):
        write_deep(image, stream, format)
        return
    settings, modes = _WRITABLE[format]
    if image.mode not in modes:
        raise UnsupportedError(f"{name}: {format} files hold no alpha; choose .png, .webp or .tif")
    picture = to_pillow(image.to_depth(16) if image.bit_depth > 8 else image)
    known = {key: picture.info[key] for key in _METADATA.get(format, ()) if key in picture.info}
    if format == "PNG":
        known["pnginfo"] = _png_chunks(image.metadata)
    for key in [key for key in ("exif", "xmp") if format == "JPEG" and len(known.get(key, b"")) > _JPEG_SEGMENT]:
        size = len(getattr(image.metadata, key))
        message = f"{name}: {key.upper()} of {size} bytes does not fit into a JPEG file and is left out"
        del known[key]
        warnings.warn(message, LostMetadataWarning, stacklevel=3)
    try:
        if format == "JPEG2000":  # its library tries for ever where a disk is full
            whole = io.BytesIO()
            picture.save(whole, format=format, **settings, **known)
            stream.write(whole.getvalue())
        else:
            picture.save(stream, format=format, **settings, **known)
    except (OSError, ValueError) as error:
        raise LatentPressError(f"cannot write {name} as {format}: {error}") from error


def _png_chunks(metadata: Metadata) -> Any:
    """The chunks that Pillow does not write by itself: XMP, and how to show the picture."""
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    for kind, data in chunks_of(metadata.display).items():
        info.add(kind, data)
    if metadata.xmp:
        info.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", "replace"))
    return info
