"""`Image` from and to Pillow's pictures."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageCms

from latentpress.errors import UnsupportedError
from latentpress.image.image import Image
from latentpress.image.metadata import Metadata

__all__ = ["from_pillow", "metadata_of", "to_pillow"]

_DEEP_GRAY = ("I;16", "I;16B", "I;16L", "I;16N")
_AS_THEY_ARE = ("L", "LA", "RGB", "RGBA")
_EXIF_PREFIX = b"Exif\0\0"
_STRIP = 256  # rows


def from_pillow(picture: PillowImage.Image) -> Image:
    """See `Image.from_pillow`."""
    metadata = metadata_of(picture)
    if picture.mode in _DEEP_GRAY:
        return Image.from_array(np.asarray(picture).astype(np.uint16, copy=False)).with_metadata(metadata)
    if picture.mode == "I":  # some readers give 16-bit gray in 32 bits
        low, high = picture.getextrema()
        if not 0 <= float(low) <= float(high) <= 65535:  # type: ignore[arg-type]  # one band: numbers
            raise UnsupportedError("32-bit samples are not supported; scale the picture to 16 bits")
        return Image.from_array(np.asarray(picture).astype(np.uint16)).with_metadata(metadata)
    converted = _in_simple_mode(picture)
    if picture.mode == "CMYK":
        metadata = Metadata(b"", metadata.exif, metadata.xmp)  # the profile has done its work
    return Image.from_array(_samples(converted)).with_metadata(metadata)


def to_pillow(image: Image) -> PillowImage.Image:
    """See `Image.to_pillow`."""
    if image.bit_depth > 8 and image.channels > 1:
        raise UnsupportedError(
            f"Pillow has no {image.bit_depth}-bit {image.mode} pictures; use image.pixels, or image.to_depth(8)"
        )
    picture = PillowImage.fromarray(image.pixels if image.channels > 1 else image.pixels[:, :, 0])
    for key, value in (
        ("icc_profile", image.metadata.icc),
        ("exif", image.metadata.exif),
        ("xmp", image.metadata.xmp),
    ):
        if value:
            picture.info[key] = value
    return picture


def metadata_of(picture: PillowImage.Image) -> Metadata:
    """Colour profile, EXIF and XMP of a Pillow picture."""
    info: dict[Any, Any] = picture.info
    exif = info.get("exif") or b""
    if not exif and (found := picture.getexif()):
        exif = found.tobytes()
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    if isinstance(xmp, str):
        xmp = xmp.encode()
    return Metadata(bytes(info.get("icc_profile") or b""), bytes(exif).removeprefix(_EXIF_PREFIX), bytes(xmp))


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
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if converted is not None:
                return converted
        except ImageCms.PyCMSError:
            pass  # a broken profile is as good as none
    return picture.convert("RGB")
