"""HEIC files, as telephones take them: read by libheif through pillow-heif (the extra ``heif``)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps

from latentpress import limits
from latentpress._extras import needs_extra
from latentpress.image.image import Image
from latentpress.image.pillow import metadata_of

__all__ = ["heif_frames", "is_heif"]

# Major brands of pictures coded by HEVC, and of any coding (ISO/IEC 23008-12, annex B). AVIF's own are Pillow's.
_BRANDS = re.compile(rb"....ftyp(hei[cmsx]|hev[cmsx]|mif[12]|msf1)", re.DOTALL)


def is_heif(head: bytes) -> bool:
    """Whether a file that begins so is a HEIC file."""
    return _BRANDS.match(head) is not None


def heif_frames(stream: BinaryIO) -> list[Callable[[], Image]]:
    """The pictures of a HEIC file, the primary one first, each decoded when it is called for.

    They are upright (the container says how to turn them), have their metadata, and 9 to 16 bits if the file has them.
    Raises MissingExtraError without the extra.
    """
    with needs_extra("reading HEIC pictures", "heif"):
        import pillow_heif
    found: Any = pillow_heif.open_heif(stream, convert_hdr_to_8bit=False)
    order = sorted(range(len(found)), key=lambda number: number != found.primary_index)
    return [partial(_decoded, found[number]) for number in order]


def _decoded(picture: Any) -> Image:
    """The picture; raises LimitError before it is decoded."""
    limits.check(*picture.size)
    blank = PillowImage.new("L", (1, 1))
    blank.info |= {
        name: value for name, value in picture.info.items() if name in ("icc_profile", "exif", "xmp") and value
    }
    ImageOps.exif_transpose(blank, in_place=True)  # the turn that EXIF speaks of is done
    pixels, depth = np.asarray(picture), int(picture.info.get("bit_depth", 8))
    if pixels.dtype == np.uint16:  # with the sample in its upper bits
        pixels = pixels >> (16 - depth)
    return Image.from_array(pixels, depth if depth > 8 else 0).with_metadata(metadata_of(blank))
