"""What a picture file says beside its samples, through an .lpx file into a file of every other format."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageCms

import latentpress
from latentpress.image import Image, read, write
from latentpress.image.display import dots_per_inch

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
WITH_XMP = ("jpg", "webp")  # as Pillow writes them; of ours, PNG too
WITH_DENSITY = ("jpg", "png", "tif")


def _exif(orientation: int = 1) -> bytes:
    found = PillowImage.Exif()
    found[0x010F], found[0x0112] = "A camera", orientation
    return found.tobytes()


def _file(picture: PillowImage.Image, ending: str) -> bytes:
    """A file as another program writes it."""
    stream = io.BytesIO()
    kind = {"jpg": "JPEG", "tif": "TIFF"}.get(ending, ending.upper())
    picture.save(stream, kind, icc_profile=PROFILE, exif=_exif(), xmp=XMP, dpi=(300, 300), lossless=True)
    return stream.getvalue()


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
def test_from_every_format_into_every_format(rgb: Image, tmp_path: Path, ending: str, lossless: bool) -> None:
    data = _file(rgb.to_pillow(), ending)
    packed = latentpress.compress(data, codec="mlp-lossless" if lossless else "factorised", lossless=lossless)
    image = latentpress.decompress(packed)
    for other in ("png", "jpg", "tif", "webp"):
        write(image, tmp_path / f"a.{other}")
        found = read(tmp_path / f"a.{other}").metadata
        assert found.icc == PROFILE, other
        tags = PillowImage.Exif()
        tags.load(found.exif)
        assert tags[0x010F] == "A camera", other
        if ending in WITH_XMP and other != "tif":
            assert found.xmp == XMP, other
        if ending in WITH_DENSITY and other in WITH_DENSITY:
            assert dots_per_inch(found.display) == pytest.approx((300, 300), abs=0.05), other


def test_a_profile_of_cmyk_does_not_stay_with_rgb(rgb: Image) -> None:
    stream = io.BytesIO()
    rgb.to_pillow().convert("CMYK").save(stream, "JPEG", icc_profile=b"of ink, and broken" * 9)
    image = read(io.BytesIO(stream.getvalue()))
    assert (image.mode, image.metadata.icc) == ("RGB", b"")


def test_the_thumbnail_of_a_turned_picture_is_turned_or_gone() -> None:
    """Else a viewer that shows the thumbnail shows it lying on its side."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :30] = 255
    small = io.BytesIO()
    PillowImage.fromarray(pixels).resize((12, 8)).save(small, "JPEG")
    data = io.BytesIO()
    PillowImage.fromarray(pixels).save(data, "JPEG", exif=_with_thumbnail(6, small.getvalue()))
    image = read(io.BytesIO(data.getvalue()))
    assert (image.width, image.height) == (40, 60)
    tags = PillowImage.Exif()
    tags.load(image.metadata.exif)
    assert tags.get(0x0112, 1) == 1
    inside = tags.get_ifd(1).get(0x0201)
    if inside is not None:
        start = image.metadata.exif.index(b"\xff\xd8\xff")
        with PillowImage.open(io.BytesIO(image.metadata.exif[start:])) as thumbnail:
            assert thumbnail.width < thumbnail.height


def _with_thumbnail(orientation: int, thumbnail: bytes) -> bytes:
    """EXIF by hand: one tag, and a second directory that points to a JPEG file."""
    entry = lambda tag, kind, value: tag.to_bytes(2, "big") + kind.to_bytes(2, "big") + b"\0\0\0\1" + value  # noqa: E731
    first = b"\0\1" + entry(0x0112, 3, orientation.to_bytes(2, "big") + b"\0\0") + (26).to_bytes(4, "big")
    second = b"\0\2" + entry(0x0201, 4, (56).to_bytes(4, "big")) + entry(0x0202, 4, len(thumbnail).to_bytes(4, "big"))
    return b"Exif\0\0MM\0*\0\0\0\x08" + first + second + bytes(4) + thumbnail
