"""Targets are met by real files, in few encodings, or refused with the range."""

from __future__ import annotations

import math

import numpy as np
import pytest

from latentpress.codecs.base import Codec
from latentpress.codecs.targets import ENCODINGS, Bpp, FileSize, MsSsim, Psnr, Target, encode_to_target, psnr_of
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.systems.hyperprior.codec import HyperpriorCodec


@pytest.mark.parametrize("bpp", [0.3, 0.7, 1.3])
def test_bpp(codec: HyperpriorCodec, photograph: Image, bpp: float) -> None:
    reached = encode_to_target(codec, photograph, Bpp(bpp))
    assert reached.encodings <= ENCODINGS
    assert 8 * len(reached.data) / (256 * 192) == pytest.approx(bpp, rel=0.02)


@pytest.mark.parametrize("size", [1500, 4000, 8000])
def test_file_size_is_never_exceeded(codec: HyperpriorCodec, photograph: Image, size: int) -> None:
    reached = encode_to_target(codec, photograph, FileSize(size))
    assert reached.encodings <= ENCODINGS
    assert 0.98 * size <= len(reached.data) <= size


@pytest.mark.parametrize("decibels", [30.0, 36.5])
def test_psnr(codec: HyperpriorCodec, photograph: Image, decibels: float) -> None:
    reached = encode_to_target(codec, photograph, Psnr(decibels))
    restored = codec.decode(reached.data)
    error = np.mean((photograph.pixels.astype(float) - restored.pixels) ** 2)
    assert 10 * math.log10(255**2 / error) == pytest.approx(decibels, abs=0.1)
    assert reached.encodings <= ENCODINGS


def test_ms_ssim(codec: HyperpriorCodec, photograph: Image) -> None:
    pytest.importorskip("scipy")
    reached = encode_to_target(codec, photograph, MsSsim(0.97))
    assert 1 - reached.value == pytest.approx(0.03, rel=0.02)


@pytest.mark.parametrize("target", [Bpp(0.001), Bpp(30.0), Psnr(5.0), Psnr(70.0), FileSize(40)])
def test_out_of_range_is_said_with_the_range(codec: HyperpriorCodec, photograph: Image, target: Target) -> None:
    with pytest.raises(InvalidInputError, match=r"out of range: .* gives at (least|most) \d"):
        encode_to_target(codec, photograph, target)


def test_a_large_budget_gives_the_best_file(codec: HyperpriorCodec, photograph: Image) -> None:
    reached = encode_to_target(codec, photograph, FileSize(10**7))
    assert reached.data == codec.encode(photograph, 100)
    assert not reached.within


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, True, "9"])
def test_targets_are_numbers_above_zero(value: float) -> None:
    for kind in (Bpp, FileSize, Psnr, MsSsim):
        with pytest.raises(InvalidInputError):
            kind(value)


def test_psnr_leaves_out_what_nobody_sees() -> None:
    pixels = np.full((300, 4, 4), 100, np.uint8)
    pixels[:150, :, 3] = 0
    worse = pixels.copy()
    worse[:150, :, :3] = 0
    worse[150:, :, 0] += 3
    assert psnr_of(Image(pixels), Image(worse)) == pytest.approx(10 * math.log10(255**2 / 3))
    assert psnr_of(Image(pixels), Image(pixels)) == math.inf


class Stepped(Codec):
    """Files that grow in jumps and not evenly: the search must stay in its bounds and end."""

    id, number = "stepped", 255

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.sizes, self.calls = sizes, 0

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        assert 0 <= quality <= 100
        self.calls += 1
        return bytes(self.sizes[min(int(quality * len(self.sizes) / 100), len(self.sizes) - 1)])

    def decode(self, data: bytes) -> Image:
        raise NotImplementedError

    def config(self) -> dict[str, object]:
        return {"sizes": self.sizes}


@pytest.mark.parametrize("sizes", [(10, 20, 4000, 4001, 9000), (10, 9000), (500,) * 3 + (501,) * 9])
def test_steps_in_the_curve(sizes: tuple[int, ...], rgb: Image) -> None:
    for size in (15, 500, 3999, 5000, 9000, 20000):
        codec = Stepped(sizes)
        try:
            reached = encode_to_target(codec, rgb, FileSize(size))
        except InvalidInputError:
            assert sizes[0] > size
        else:
            assert len(reached.data) <= size
        assert codec.calls <= ENCODINGS


def test_a_target_between_two_tries_is_in_range() -> None:
    """Though the search went to the end of the range and none of its files came near enough."""

    class Steps(Codec):
        """Files of 100 bytes up to quality 3, then of 300."""

        id, number = "steps", 255

        def encode(self, image: Image, quality: float = 50.0) -> bytes:
            return bytes(100 if quality < 3 else 300)

        def decode(self, data: bytes) -> Image:
            raise NotImplementedError

        def config(self) -> dict[str, object]:
            return {}

    reached = encode_to_target(Steps(), Image(np.zeros((20, 20, 3), np.uint8)), Bpp(4.0))
    assert not reached.within
    assert reached.value in (2.0, 6.0)
