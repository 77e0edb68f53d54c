"""`Image` from and to Pillow's pictures."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image.display import density_block, dots_per_inch
from latentpress.image.image import Image
from latentpress.image.metadata import Metadata

__all__ = ["from_pillow", "info_of", "metadata_of", "to_pillow"]

_DEEP_GRAY = ("I;16", "I;16B", "I;16L", "I;16N")
_AS_THEY_ARE = ("L", "LA", "RGB", "RGBA")
_EXIF_PREFIX = b"Exif\0\0"
_STRIP = 256  # rows

_RESOLUTION = 282  # a TIFF file without this tag has no density, whatever Pillow says

# Tags of a TIFF file's first directory that tell of the picture and would stand in a JPEG's EXIF too (Exif 2.32, table
# 4, without those on how samples are stored): description, make, model, orientation, software, date, artist, white
# point, primaries, rating, copyright, and the directories of Exif and GPS. Density travels by itself.
_DESCRIBING = {270, 271, 272, 274, 305, 306, 315, 318, 319, 18246, 33432, 34665, 34853}


def from_pillow(picture: PillowImage.Image) -> Image:
    """See `Image.from_pillow`."""
    try:
        picture.load()
    except (AssertionError, ValueError) as error:  # what Pillow makes of a closed file, by format
        raise InvalidInputError("the Pillow picture was closed before its samples were read") from error
    metadata = metadata_of(picture)
    if picture.mode in _DEEP_GRAY:
        gray = np.asarray(picture).astype(np.uint16, copy=False)
        return Image.from_array(_with_transparent(gray, picture)).with_metadata(metadata)
    if picture.mode == "I":  # some readers give 16-bit gray in 32 bits
        low, high = picture.getextrema()
        if not 0 <= float(low) <= float(high) <= 65535:  # type: ignore[arg-type]  # one band: numbers
            raise UnsupportedError("32-bit samples are not supported; scale the picture to 16 bits")
        return Image.from_array(np.asarray(picture).astype(np.uint16)).with_metadata(metadata)
    converted = _in_simple_mode(picture)
    if picture.mode == "CMYK":
        metadata = replace(metadata, icc=b"")  # the profile has done its work
    return Image.from_array(_samples(converted)).with_metadata(metadata)


def to_pillow(image: Image) -> PillowImage.Image:
    """See `Image.to_pillow`."""
    if image.bit_depth > 8 and image.channels > 1:
        raise UnsupportedError(
            f"Pillow has no {image.bit_depth}-bit {image.mode} pictures; use image.pixels, or image.to_depth(8)"
        )
    picture = PillowImage.fromarray(image.pixels if image.channels > 1 else image.pixels[:, :, 0])
    picture.info |= info_of(image.metadata)
    return picture


def info_of(metadata: Metadata) -> dict[str | tuple[int, int], Any]:
    """Metadata under the names that Pillow has for them in ``info``, and the display block as ``display``."""
    found = {
        "icc_profile": metadata.icc,
        # with the mark that it has in JPEG files, which Pillow writes as it gets it
        "exif": _EXIF_PREFIX + metadata.exif.removeprefix(_EXIF_PREFIX) if metadata.exif else b"",
        "xmp": metadata.xmp,
        "display": metadata.display,
        "dpi": dots_per_inch(metadata.display),
    }
    return {name: value for name, value in found.items() if value}


def metadata_of(picture: PillowImage.Image) -> Metadata:
    """Colour profile, EXIF, XMP and density of a Pillow picture; of a TIFF file those tags that describe the picture
    and not the file.
    """
    info: dict[Any, Any] = picture.info
    exif = info.get("exif") or b""
    if not exif and (found := picture.getexif()):
        if picture.format == "TIFF":
            found = _describing(found)
        exif = found.tobytes() if found else b""
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    if isinstance(xmp, str):
        xmp = xmp.encode()
    display = info.get("display", b"")
    if not display and "dpi" in info and (picture.format != "TIFF" or _RESOLUTION in picture.getexif()):
        display = density_block(info["dpi"])
    profile = bytes(info.get("icc_profile") or b"")
    return Metadata(profile, bytes(exif).removeprefix(_EXIF_PREFIX), bytes(xmp), display)


def _describing(tags: PillowImage.Exif) -> PillowImage.Exif:
    """The tags that describe the picture."""
    kept = PillowImage.Exif()
    kept.load(tags.tobytes())
    for tag in [tag for tag in kept if tag not in _DESCRIBING]:
        del kept[tag]
    return kept


def _with_transparent(pixels: NDArray[np.uint16], picture: PillowImage.Image) -> NDArray[np.uint16]:
    """Deep gray samples (H, W), or (H, W, 2) with alpha 0 where they have the value that the file calls transparent."""
    value = picture.info.get("transparency")
    if not isinstance(value, int):
        return pixels
    return np.dstack([pixels, np.where(pixels == value, 0, 65535).astype(np.uint16)])


def _samples(picture: PillowImage.Image) -> NDArray[np.uint8]:
    """The samples (H, W) or (H, W, C), in strips: NumPy's own way would hold a large picture three times over."""
    channels = len(picture.getbands())
    samples = np.empty((picture.height, picture.width, channels)[: 2 if channels == 1 else 3], np.uint8)
    for top in range(0, picture.height, _STRIP):
        bottom = min(top + _STRIP, picture.height)
        samples[top:bottom] = np.asarray(picture.crop((0, top, picture.width, bottom)))
    samples.flags.writeable = False
    return samples


def _in_simple_mode(picture: PillowImage.Image) -> PillowImage.Image:
    """The picture in mode L, LA, RGB or RGBA, with nothing lost but the palette."""
    transparent = "transparency" in picture.info
    if picture.mode in _AS_THEY_ARE and not transparent:
        return picture
    if picture.mode == "1":
        return picture.convert("LA" if transparent else "L")
    if picture.mode in ("P", "PA"):
        return picture.convert("RGBA" if transparent or picture.mode == "PA" else "RGB")
    if picture.mode in ("L", "RGB"):
        return picture.convert("LA" if picture.mode == "L" else "RGBA")
    if picture.mode in ("La", "RGBa"):
        return picture.convert(picture.mode.upper())
    if picture.mode == "CMYK":
        return _from_cmyk(picture)
    if picture.mode in ("YCbCr", "RGBX"):
        return picture.convert("RGB")
    raise UnsupportedError(f"pixel mode {picture.mode} is not supported; convert the picture to L or RGB")


def _from_cmyk(picture: PillowImage.Image) -> PillowImage.Image:
    """CMYK to sRGB, through the picture's own profile if it has a working one."""
    profile = picture.info.get("icc_profile")
    if profile:
        from PIL import ImageCms  # here: few pictures need it

        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile is as good as none
    return picture.convert("RGB")
