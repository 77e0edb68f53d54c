"""Bringing pictures to one size and colour space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import ImageCms

from latentpress.errors import InvalidInputError
from latentpress.image import Image, Metadata
from latentpress.image.standardise import Standard


def halves(left: object, right: object, height: int = 20, width: int = 40) -> Image:
    """A picture of two colours."""
    pixels = np.empty((height, width, np.size(left)), np.uint8)
    pixels[:, : width // 2], pixels[:, width // 2 :] = left, right
    return Image(pixels)


def test_without_settings_only_the_colour_space_changes(rgb: Image) -> None:
    same = Standard()(rgb.with_metadata(Metadata(exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0")))
    assert same == rgb
    assert same.metadata == Metadata()


@pytest.mark.parametrize(("width", "height"), [(10, 10), (64, 8), (1, 1), (5, 90)])
@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_size_is_exact(rgb: Image, width: int, height: int, fit: Any) -> None:
    made = Standard(width, height, fit=fit)(rgb)
    assert (made.width, made.height, made.channels) == (width, height, 3)


def test_crop_takes_the_middle() -> None:
    made = Standard(10, 10)(halves((255, 0, 0), (0, 0, 255), 10, 40))
    assert np.array_equal(made.pixels[:, :3], np.broadcast_to([255, 0, 0], (10, 3, 3)))
    assert np.array_equal(made.pixels[:, 7:], np.broadcast_to([0, 0, 255], (10, 3, 3)))


def test_pad_shows_all_on_the_background() -> None:
    made = Standard(40, 40, fit="pad", background="#00ff00")(halves((255, 0, 0), (0, 0, 255)))
    assert np.array_equal(made.pixels[10:30], halves((255, 0, 0), (0, 0, 255)).pixels)
    assert np.array_equal(made.pixels[:10], np.broadcast_to([0, 255, 0], (10, 40, 3)))
    assert np.array_equal(made.pixels[30:], made.pixels[:10])


def test_max_side_only_makes_smaller(rgb: Image) -> None:
    assert Standard(max_side=65)(rgb) == rgb
    made = Standard(max_side=26)(rgb)  # 65 x 63
    assert (made.width, made.height) == (26, 25)
    assert (Standard(max_side=1)(halves(0, 9, 2, 90)).width, Standard(max_side=1)(halves(0, 9, 2, 90)).height) == (1, 1)


def test_gray_is_luma_and_gray_becomes_rgb() -> None:
    made = Standard(colour="gray")(halves((255, 0, 0), (0, 255, 0)))
    assert made.channels == 1
    assert [int(made.pixels[0, 0, 0]), int(made.pixels[0, -1, 0])] == [76, 150]  # 0.299 and 0.587 of 255
    made = Standard()(halves(10, 200))
    assert np.array_equal(made.pixels[0, [0, -1]], [[10, 10, 10], [200, 200, 200]])


def test_padding_of_gray_is_the_background_in_gray() -> None:
    made = Standard(40, 40, fit="pad", colour="gray", background="red")(halves(10, 200))
    assert made.channels == 1
    assert int(made.pixels[0, 0, 0]) == 76


def test_transparent_parts_show_the_background() -> None:
    made = Standard(background="blue")(halves((255, 0, 0, 0), (255, 0, 0, 255)))
    assert np.array_equal(made.pixels[0, [0, -1]], [[0, 0, 255], [255, 0, 0]])
    made = Standard(background="white")(halves((0, 51), (0, 255)))
    assert np.array_equal(made.pixels[0, [0, -1]], [[204, 204, 204], [0, 0, 0]])


def test_deep_samples_are_rounded_to_8_bits() -> None:
    deep = Image(np.array([[[0], [257 * 100], [65535]]], np.uint16))
    assert Standard(colour="gray")(deep).pixels[0, :, 0].tolist() == [0, 100, 255]


def test_colour_profiles_are_applied() -> None:
    """Through a profile with a gamma of 1.2 in place of 2.4 dark colours get brighter; one that is broken or does not
    fit is as good as none.
    """
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = halves((200, 100, 50), (20, 30, 40))
    for profile in (srgb, b"no profile at all", b""):
        made = Standard()(picture.with_metadata(Metadata(icc=profile)))
        assert np.abs(made.pixels.astype(int) - picture.pixels).max() <= 1
    gamma = srgb.replace(round(2.4 * 65536).to_bytes(4, "big"), round(1.2 * 65536).to_bytes(4, "big"))
    assert gamma != srgb
    made = Standard()(picture.with_metadata(Metadata(icc=gamma)))
    assert (made.pixels.astype(int) - picture.pixels).min() > 10
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()  # does not fit the picture
    assert Standard()(picture.with_metadata(Metadata(icc=lab))) == picture


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"width": 5}, "go together"),
        ({"height": 5}, "go together"),
        ({"width": 5, "height": 5, "max_side": 5}, "not all"),
        ({"width": 0, "height": 5}, "width must be 1 to 65535"),
        ({"max_side": 65536}, "max_side must be"),
        ({"max_side": True}, "max_side must be"),
        ({"fit": "stretch"}, "crop or pad"),
        ({"colour": "cmyk"}, "rgb or gray"),
        ({"background": "nocolour"}, "background must be a colour"),
    ],
)
def test_impossible_settings(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidInputError, match=text):
        Standard(**settings)
