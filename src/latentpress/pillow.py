"""Pillow opens and saves ``.lpx`` files once this module is imported.

    import latentpress.pillow
    from PIL import Image

    picture = Image.open("photo.lpx")                    # reads the header; pixels are decoded at first use
    picture.save("smaller.lpx", quality=30)              # or bpp=0.5, size=90_000, psnr=36
    picture.save("exact.lpx", lossless=True)             # all that latentpress.compress takes: effort, tune, roi ...
    picture.save("plain.lpx", icc_profile=None, exif=b"")  # metadata travel along unless told otherwise

Modes L, LA, RGB, RGBA and I;16 come back as they went in; palette, black-and-white, CMYK and YCbCr pictures come back
as gray or RGB. Pillow has no colour of more than 8 bits: such a file opens as 8-bit colour, with its own depth in
``info["bit_depth"]``. imageio has a plugin of its own, `latentpress.imageio`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import IO, Any

from PIL import Image as PillowImage
from PIL import ImageFile

import latentpress
from latentpress.codecs.packing import METADATA, read_metadata
from latentpress.codecs.settings import Settings
from latentpress.container import MAGIC, Header, read_header, scan
from latentpress.errors import CorruptFileError, LatentPressError, UnsupportedError
from latentpress.image import Image
from latentpress.image.pillow import info_of

__all__ = ["FORMAT", "MIME", "LpxImageFile"]

FORMAT = "LPX"
"""Pillow's name of the format."""

MIME = "image/x-latentpress"
"""Its MIME type."""

_HEAD_BYTES = 128  # more than the longest header
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_METADATA = ("icc_profile", "exif", "xmp")

# Options of Pillow's other formats, which its plugins pass over where they are not meant. Of others each is honoured or
# refused.
_FOREIGN = {
    "advanced", "allow_mixed", "alpha_quality", "append_images", "autotiling", "background", "big_tiff", "bits",
    "blend", "comment", "compress_level", "compress_type", "compression", "default_image", "dictionary", "disposal",
    "dpi", "duration", "exact", "extra", "interlace", "irreversible", "keep_rgb", "kmax", "kmin", "loop",
    "max_threads", "method", "minimize_size", "no_jp2", "optimize", "palette", "pnginfo", "progression",
    "progressive", "qtables", "quality_layers", "quality_mode", "range", "resolution", "restart_marker_blocks",
    "restart_marker_rows", "smooth", "speed", "streamtype", "strip_size", "subsampling", "tiffinfo", "tile_cols",
    "tile_rows", "tile_size", "transparency",
}  # fmt: skip


class LpxImageFile(ImageFile.ImageFile):
    """An ``.lpx`` file that Pillow has opened."""

    format = FORMAT
    format_description = "LatentPress learned image"

    def _open(self) -> None:
        """Read header and metadata. Data of another kind is a SyntaxError, which makes Pillow try its other formats."""
        assert self.fp is not None
        head = self.fp.read(_HEAD_BYTES)
        if not _accepts(head):
            raise SyntaxError("not an .lpx file")
        try:
            header = read_header(head)
            self.fp.seek(0)
            blocks = dict(scan(self.fp, tuple(METADATA)))
            metadata = read_metadata(blocks)
        except CorruptFileError as error:
            raise SyntaxError(str(error)) from error
        except LatentPressError as error:
            raise OSError(str(error)) from error
        self._size = (header.width, header.height)
        self._mode = _mode(header)
        self._decoded = False
        self.info["bit_depth"] = header.bit_depth
        self.info |= info_of(metadata)

    def load(self) -> Any:
        """Decode the pixels, once. Raises OSError if the file is damaged or its codec or model is not installed."""
        if not self._decoded and self.fp is not None:
            self.fp.seek(0)
            try:
                image = latentpress.decompress(self.fp.read())
            except LatentPressError as error:
                raise OSError(str(error)) from error
            if image.bit_depth > 8 and image.channels > 1:
                image = image.to_depth(8)
            self.im = image.to_pillow().im
            self._decoded = True
            if self._exclusive_fp:
                self.fp.close()
            self.fp = None
        return super().load()


def _accepts(prefix: bytes) -> bool:
    """Whether a file that begins so is for this plugin."""
    return prefix.startswith(MAGIC[:4])


def _mode(header: Header) -> str:
    deep = header.bit_depth > 8 and header.channels == 1
    return "I;16" if deep else _MODES[header.channels]


def _save(picture: PillowImage.Image, stream: IO[bytes], filename: str | bytes) -> None:
    """Write a picture; the options of ``Image.save`` are those of `latentpress.compress`, and the metadata."""
    options: dict[str, Any] = getattr(picture, "encoderinfo", {})
    ours = {name: value for name, value in options.items() if name not in {*_FOREIGN, *_METADATA, "roi"}}
    try:
        image = Image.from_pillow(picture)
    except UnsupportedError as error:
        raise OSError(f"cannot write mode {picture.mode} as {FORMAT}: {error}") from error
    kept = image.metadata
    metadata = replace(
        kept,
        icc=_block(options.get("icc_profile", kept.icc)),
        exif=_block(options.get("exif", kept.exif)).removeprefix(b"Exif\0\0"),
        xmp=_block(options.get("xmp", kept.xmp)),
    )
    try:
        stream.write(Settings.of(**ours)(image.with_metadata(metadata), options.get("roi")))
    except LatentPressError as error:
        raise ValueError(str(error)) from error


def _save_all(picture: PillowImage.Image, stream: IO[bytes], filename: str | bytes) -> None:
    """Write the one picture that the format holds."""
    frames = getattr(picture, "n_frames", 1) + len(list(picture.encoderinfo.get("append_images") or ()))
    if frames > 1:
        raise ValueError(f"{FORMAT} holds one picture, not {frames} frames; save each to a file of its own")
    _save(picture, stream, filename)


def _block(value: Any) -> bytes:
    """A block of metadata as callers give it: bytes, text, an ``Image.Exif``, or None for none."""
    if isinstance(value, PillowImage.Exif):
        return value.tobytes()
    if isinstance(value, str):
        return value.encode()
    return bytes(value or b"")


PillowImage.register_open(FORMAT, LpxImageFile, _accepts)
PillowImage.register_save(FORMAT, _save)
PillowImage.register_save_all(FORMAT, _save_all)
PillowImage.register_extension(FORMAT, ".lpx")
PillowImage.register_mime(FORMAT, MIME)
