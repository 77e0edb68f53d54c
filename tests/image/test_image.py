"""The `Image` value and what turns into one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image, as_image, write


def test_properties(any_picture: Image) -> None:
    assert any_picture.pixels.shape == (any_picture.height, any_picture.width, any_picture.channels)
    assert any_picture.mode == {1: "L", 3: "RGB"}[any_picture.channels]
    assert any_picture.bit_depth == 8


def test_pillow_round_trip(any_picture: Image) -> None:
    pillow = any_picture.to_pillow()
    assert pillow.mode == any_picture.mode
    assert pillow.size == (any_picture.width, any_picture.height)
    assert Image.from_pillow(pillow) == any_picture


def test_equality_is_by_value(rgb: Image, gray: Image, picture: Callable[..., Image]) -> None:
    assert rgb == Image(rgb.pixels.copy())
    assert rgb != picture(63, 65, seed=1)
    assert rgb != gray
    assert rgb != "picture"
    with pytest.raises(TypeError):
        hash(rgb)


def test_pixels_are_a_frozen_copy() -> None:
    array = np.zeros((4, 5, 3), np.uint8)
    image = Image(array)
    array[:] = 9
    assert not image.pixels.any()
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0, 0] = 1


def test_read_only_view_of_a_writable_array_is_copied() -> None:
    array = np.zeros((4, 5, 3), np.uint8)
    view = array[:]
    view.flags.writeable = False
    image = Image(view)
    array[:] = 9
    assert not image.pixels.any()


def test_frozen_array_is_not_copied_again(rgb: Image) -> None:
    assert Image(rgb.pixels).pixels is rgb.pixels


def test_any_memory_layout_becomes_contiguous() -> None:
    array = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(3, 6, 4).T
    image = Image(array)
    assert image.pixels.flags.c_contiguous
    assert np.array_equal(image.pixels, array)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1)])
def test_gray_arrays(shape: tuple[int, ...]) -> None:
    image = Image.from_array(np.full(shape, 7, np.uint8))
    assert image.pixels.shape == (4, 5, 1)


@pytest.mark.parametrize(
    ("array", "error"),
    [
        (np.zeros((4, 5, 3), np.float32), InvalidInputError),
        (np.zeros((4, 5, 3), np.int64), InvalidInputError),
        (np.zeros((4, 5, 3), bool), InvalidInputError),
        (np.zeros((4, 5, 3), np.uint16), UnsupportedError),
        (np.zeros((4, 5, 2), np.uint8), UnsupportedError),
        (np.zeros((4, 5, 4), np.uint8), UnsupportedError),
        (np.zeros((4, 5, 5), np.uint8), InvalidInputError),
        (np.zeros((0, 5, 3), np.uint8), InvalidInputError),
        (np.zeros((4, 0), np.uint8), InvalidInputError),
        (np.zeros(4, np.uint8), InvalidInputError),
        (np.zeros((1, 4, 5, 3), np.uint8), InvalidInputError),
        (np.uint8(3), InvalidInputError),
        ([[1, 2], [3, 4]], InvalidInputError),
        (None, InvalidInputError),
    ],
)
def test_wrong_arrays_are_refused(array: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        Image.from_array(array)


@pytest.mark.parametrize(
    "mode", ["1", "P", "LA", "PA", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"]
)
def test_other_pillow_modes_are_refused_by_name(mode: str) -> None:
    with pytest.raises(UnsupportedError, match=f"mode {mode} "):
        Image.from_pillow(PillowImage.new(mode, (3, 2)))


def test_colour_key_transparency_is_refused() -> None:
    pillow = PillowImage.new("RGB", (3, 2))
    pillow.info["transparency"] = (0, 0, 0)
    with pytest.raises(UnsupportedError, match="transparency"):
        Image.from_pillow(pillow)


def test_as_image_takes_every_kind_of_source(rgb: Image, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write(rgb, path)
    assert as_image(rgb) is rgb
    for source in (path, str(path), rgb.to_pillow(), rgb.pixels):
        assert as_image(source) == rgb


@pytest.mark.parametrize("source", [None, 3, b"bytes", [[1]]])
def test_as_image_refuses_other_types(source: Any) -> None:
    with pytest.raises(InvalidInputError, match="a picture must be a path"):
        as_image(source)


def test_repr_is_short(rgb: Image) -> None:
    assert repr(rgb) == "<Image 65x63 RGB 8-bit>"
