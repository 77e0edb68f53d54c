"""The threshold codec: every transform, block and coder comes back; what the threshold does; damaged words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from latentpress import container
from latentpress.codecs.base import Region
from latentpress.codecs.targets import psnr_of
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError
from latentpress.image import Image
from latentpress.systems.dft_threshold.codec import BLOCKS, TRANSFORMS, ThresholdCodec, ThresholdModel
from latentpress.systems.dft_threshold.coders import CODERS


@pytest.fixture(scope="module")
def scene(photograph: Image) -> Image:
    return Image(photograph.pixels[:50, :70].copy())


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("block", BLOCKS)
def test_stages_go_back(transform: str, block: int) -> None:
    codec = ThresholdCodec(transform, block)
    planes = np.random.default_rng(0).uniform(0, 255, (3, 64, 96)).astype(np.float32)
    rate = codec.rate_of(codec.model, 60, Image(np.zeros((1, 1, 3), np.uint8)))[0]
    assert codec.model.chosen(rate) == (transform, block, "contexts")
    there = codec.model.stages(rate).forward(planes)
    assert there.shape == (codec.model.latents, 2, 3)
    assert np.abs(codec.model.stages(rate).inverse(there) - planes).max() < 0.02


@pytest.mark.parametrize("coder", CODERS)
def test_coders_keep_the_same_numbers(scene: Image, coder: str) -> None:
    plain, other = ThresholdCodec("dct"), ThresholdCodec("dct", coder=coder)
    for quality in (20, 95):
        data = other.encode(scene, quality)
        assert plain.decode(data) == plain.decode(plain.encode(scene, quality))
        assert len(plain.encode(scene, quality)) <= len(data)


def test_a_higher_threshold_drops_more(scene: Image) -> None:
    files = [ThresholdCodec("dft", 16, threshold).encode(scene, 60) for threshold in (0.5, 0.9, 2.5, 8)]
    sizes = [len(data) for data in files]
    errors = [psnr_of(scene, ThresholdCodec().decode(data)) for data in files]
    assert sizes == sorted(sizes, reverse=True)
    assert errors == sorted(errors, reverse=True)


def test_overlap_hides_borders(photograph: Image) -> None:
    """Steps across the borders of blocks against those inside them, at about the same size of file."""
    jumps = []
    for transform in ("dct", "lapped"):
        y = (
            ThresholdCodec(transform)
            .decode(ThresholdCodec(transform).encode(photograph, 20))
            .pixels[..., 1]
            .astype(int)
        )
        steps = np.abs(np.diff(y, axis=1)).mean(axis=0)
        jumps.append(steps[7::8].mean() / steps.mean())
    assert jumps[1] < 1.2 < 1.5 < jumps[0]


def test_regions_of_lapped_blocks(photograph: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentpress.codecs.tiles._SIDE", 4)
    monkeypatch.setattr("latentpress.codecs.tiles._WHOLE", 2)
    codec = ThresholdCodec("lapped", 16)
    photograph = Image(photograph.pixels[:128].copy())
    data = codec.encode(photograph, 25)
    whole = codec.decode(data).pixels.astype(int)
    part = codec.decode_region(data, Region(97, 40, 70, 80)).pixels.astype(int)
    assert np.abs(part - whole[40:120, 97:167]).max() <= 1
    monkeypatch.undo()
    assert np.abs(codec.decode(codec.encode(photograph, 25)).pixels - whole).mean() < 0.2  # tiles make no seams


@pytest.mark.parametrize("coder", CODERS)
def test_damaged_words_are_refused(scene: Image, coder: str) -> None:
    data = ThresholdCodec("dct", coder=coder).encode(Image(scene.pixels[:32, :40].copy()), 40)
    header, (stream,) = container.read(data)
    rng = np.random.default_rng(0)
    for trial in range(12 if coder == "contexts" else 60):
        payload = bytearray(stream.payload)
        for _ in range(1 + trial % 4):
            payload[4 + rng.integers(len(payload) - 4)] ^= 1 << rng.integers(8)
        bad = container.write(header, [replace(stream, payload=bytes(payload))])
        with pytest.raises(LatentPressError):
            ThresholdCodec().decode(bad)


def test_rates_of_no_choice_are_refused(scene: Image) -> None:
    header, chunks = container.read(ThresholdCodec().encode(scene, 40))
    last = ThresholdModel.rates * ThresholdModel.choices
    with pytest.raises(CorruptFileError, match="above"):
        ThresholdCodec().decode(container.write(replace(header, rate=last), chunks))


@pytest.mark.parametrize(
    "settings",
    [{"transform": "dst"}, {"block": 12}, {"block": True}, {"coder": "lzw"}, {"threshold": 0.4}, {"threshold": "1"}],
    ids=str,
)
def test_bad_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(settings))):
        ThresholdCodec(**settings)
