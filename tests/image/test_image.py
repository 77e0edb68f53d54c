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
        (np.zeros((4, 5, 3), np.uint32), InvalidInputError),
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


@pytest.mark.parametrize("mode", ["LAB", "HSV", "F"])
def test_other_pillow_modes_are_refused_by_name(mode: str) -> None:
    with pytest.raises(UnsupportedError, match=f"mode {mode} "):
        Image.from_pillow(PillowImage.new(mode, (3, 2)))


def test_samples_of_32_bits_are_refused_unless_16_hold_them() -> None:
    wide = PillowImage.fromarray(np.array([[0, 65536]], np.int32))
    with pytest.raises(UnsupportedError, match="32-bit"):
        Image.from_pillow(wide)
    assert Image.from_pillow(PillowImage.fromarray(np.array([[7, 65535]], np.int32))).pixels.ravel().tolist() == [
        7,
        65535,
    ]


def test_bit_depth_is_checked() -> None:
    array = np.array([[0, 1023]], np.uint16)
    assert Image.from_array(array).bit_depth == 16
    assert Image.from_array(array, 10).peak == 1023
    for depth in (9, 8, 17, True):
        with pytest.raises(InvalidInputError):
            Image.from_array(array, depth)
    with pytest.raises(InvalidInputError):
        Image.from_array(array.astype(np.uint8), 10)
    assert Image.from_array(array) != Image.from_array(array, 10)


@pytest.mark.parametrize(("old", "new"), [(8, 16), (8, 10), (10, 16), (12, 9), (16, 8)])
def test_depth_changes_scale_to_the_nearest(old: int, new: int) -> None:
    values = np.arange(2**old).astype(np.uint8 if old == 8 else np.uint16)[None]
    image = Image.from_array(values, old).to_depth(new)
    exact = np.arange(2**old) * (2**new - 1) / (2**old - 1)
    assert image.bit_depth == new
    assert np.abs(image.pixels.ravel() - exact).max() <= 0.5
    if new > old:
        assert image.to_depth(old) == Image.from_array(values, old)


def test_as_image_takes_every_kind_of_source(rgb: Image, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write(rgb, path)
    assert as_image(rgb) is rgb
    for source in (path, str(path), rgb.to_pillow(), rgb.pixels):
        assert as_image(source) == rgb


@pytest.mark.parametrize("source", [None, 3, bytearray(9), [[1]]])
def test_as_image_refuses_other_types(source: Any) -> None:
    with pytest.raises(InvalidInputError, match="a picture must be a path"):
        as_image(source)


def test_repr_is_short(rgb: Image) -> None:
    assert repr(rgb) == "<Image 65x63 RGB 8-bit>"
