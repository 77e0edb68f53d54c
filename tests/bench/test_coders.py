"""What every coder promises, ours and others'."""

from __future__ import annotations

import contextlib
import json
import pickle
from collections.abc import Callable

import numpy as np
import pytest

from latentpress.bench.coders import Coder, get_coder
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError, LimitError, UnsupportedError
from latentpress.image import Image

Picture = Callable[..., Image]

# (height, width): one sample, odd and below every block size, and just off the block sizes.
ODD_SIZES = [(1, 1), (7, 13), (63, 65)]


def middle(coder: Coder) -> float:
    """A quality from the middle of the coder's points."""
    return coder.qualities[len(coder.qualities) // 2]


def squared_error(a: np.ndarray, b: np.ndarray) -> float:
    """Mean squared error."""
    return float(np.mean((a.astype(np.float64) - b) ** 2))


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_come_back_in_their_shape(coder: Coder, picture: Picture, channels: int) -> None:
    for height, width in ODD_SIZES:
        pixels = picture(height, width, channels).pixels
        if channels == 1 and not coder.gray:
            with pytest.raises(UnsupportedError, match="no gray"):
                coder.encode(pixels, middle(coder))
            continue
        data = coder.encode(pixels, middle(coder))
        restored = coder.decode(data)
        assert isinstance(data, bytes)
        assert restored.dtype == np.uint8
        assert restored.shape == pixels.shape
        assert restored.flags.c_contiguous
        if coder.lossless:
            assert np.array_equal(restored, pixels)
        else:
            assert squared_error(restored, pixels) < (1000 if coder.id == "agustsson" else 400)  # of two to eight codes


def test_quality_costs_bytes_and_buys_fidelity(coder: Coder, picture: Picture) -> None:
    pixels = picture(64, 96).pixels
    if coder.lossless:
        assert len(coder.qualities) == 1
        assert np.array_equal(coder.decode(coder.encode(pixels, coder.qualities[0])), pixels)
        return
    files = [coder.encode(pixels, quality) for quality in (coder.qualities[0], middle(coder), coder.qualities[-1])]
    sizes = [len(data) for data in files]
    errors = [squared_error(coder.decode(data), pixels) for data in files]
    assert sizes[0] < sizes[1] < sizes[2]
    # What a network puts back of what the sender left out is a guess: on a small picture it may be worse in between.
    assert errors[0] > errors[2] if coder.id == "trimmed-jpeg" else errors[0] > errors[1] > errors[2]


def test_colours_stay_where_they_are(coder: Coder) -> None:
    """Swapped planes, a wrong matrix or a wrong range would move these by far more than the coding does."""
    colours = np.array([(220, 40, 30), (30, 200, 60), (40, 60, 210), (0, 0, 0), (255, 255, 255)], np.uint8)
    for colour in colours:
        pixels = np.broadcast_to(colour, (32, 32, 3)).copy()
        restored = coder.decode(coder.encode(pixels, coder.qualities[-1]))
        # The learned codec is not made for such pictures; its own tests say how good it is.
        allowed = {"perceptron": 40, "agustsson": 80}.get(coder.id, 20) if type(coder).__name__ == "OwnCoder" else 3
        assert np.abs(restored.astype(int) - colour).mean(axis=(0, 1)).max() <= allowed


def test_the_same_picture_gives_the_same_file(coder: Coder, picture: Picture) -> None:
    pixels = picture(20, 30).pixels
    assert coder.encode(pixels, middle(coder)) == coder.encode(pixels.copy(), middle(coder))


def test_damaged_files_raise_our_errors_only(coder: Coder, picture: Picture) -> None:
    data = coder.encode(picture(17, 31).pixels, middle(coder))
    other = b"P6 1 1 255 abc"
    for wrong in (b"", b"\0", data[:7], data[: len(data) // 2], other, b"\xff" * 200, bytes(len(data))):
        # What a decoder makes of half a file is its own affair, as long as it is a picture or an error of ours.
        try:
            restored = coder.decode(wrong)
        except LatentPressError:
            continue
        assert restored.dtype == np.uint8
    for wrong in (b"", other):
        with pytest.raises(CorruptFileError):
            coder.decode(wrong)
    rng = np.random.default_rng(1)
    for _ in range(6):
        flipped = bytearray(data)
        flipped[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        with contextlib.suppress(LatentPressError):
            coder.decode(bytes(flipped))


def test_wrong_arguments_are_refused(coder: Coder, picture: Picture) -> None:
    pixels = picture(8, 8).pixels
    low, high = coder.quality_range
    for quality in (low - 1, high + 1, float("nan"), True, "50", None):
        with pytest.raises(InvalidInputError, match=coder.id):
            coder.encode(pixels, quality)  # type: ignore[arg-type]
    if coder.whole:
        with pytest.raises(InvalidInputError, match="whole"):
            coder.encode(pixels, middle(coder) + 0.5)
    for wrong in (pixels.astype(np.float32), pixels[:0]):
        with pytest.raises(InvalidInputError):
            coder.encode(wrong, middle(coder))


def test_the_record_is_complete(coder: Coder) -> None:
    settings, versions = coder.settings(), coder.versions()
    assert json.loads(json.dumps(settings)) == settings
    assert settings["threads"] == 1
    assert settings["lossless"] == coder.lossless
    assert versions
    assert all(isinstance(value, str) and value not in ("", "unknown") for value in versions.values())


def test_qualities_are_in_range_and_in_order(coder: Coder) -> None:
    low, high = coder.quality_range
    assert all(low <= quality <= high for quality in coder.qualities)
    assert list(coder.qualities) in (sorted(coder.qualities), sorted(coder.qualities, reverse=True))


def test_coders_travel_to_other_processes(coder: Coder, picture: Picture) -> None:
    pixels = picture(9, 9).pixels
    data = coder.encode(pixels, middle(coder))
    again = pickle.loads(pickle.dumps(coder))
    assert again.id == coder.id
    assert again.encode(pixels, middle(coder)) == data


@pytest.mark.parametrize("id", ["x265-444", "vvc"])
def test_a_head_that_lies_about_the_size_is_found(id: str, picture: Picture) -> None:
    try:
        coder = get_coder(id)
    except LatentPressError as error:
        pytest.skip(str(error))
    data = coder.encode(picture(40, 40).pixels, middle(coder))
    with pytest.raises(CorruptFileError, match="another picture"):
        coder.decode(data[:4] + b"\x08\x00\x08\x00" + data[8:])
    with pytest.raises(LimitError, match="pixels"):
        coder.decode(data[:4] + b"\xff\xff\xff\xff" + data[8:])
