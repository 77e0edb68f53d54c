"""Whole files: every size and mode comes back exactly, engines agree, damage is found, frequencies are used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import latentpress
from latentpress import container
from latentpress.codecs.lossless.colours import Colours, plane_ranges, planes_of
from latentpress.codecs.lossless.stream import ResidualCounter
from latentpress.codecs.lossless.tiles import Method
from latentpress.codecs.models import Running
from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.image import Image
from latentpress.models import find_model
from latentpress.systems.lc_fdnet.codec import LcFdnetCodec
from latentpress.systems.lc_fdnet.coder import StepCoder
from latentpress.systems.lc_fdnet.model import TrainedSteps
from latentpress.systems.lc_fdnet.subimages import ORDER, Grid
from latentpress.systems.lc_fdnet.walk import Batch, StepWalk, true_values
from latentpress.systems.mlp_lossless.codec import MlpLosslessCodec

SIZES = [(1, 1), (1, 7), (6, 1), (2, 2), (2, 65), (9, 8), (67, 70)]


@pytest.fixture(scope="module")
def codec() -> LcFdnetCodec:
    return LcFdnetCodec(threads=1)


@pytest.fixture(scope="module")
def model() -> TrainedSteps:
    return TrainedSteps(find_model("lc-fdnet"), Running(threads=1))


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_size(model: TrainedSteps, make: Any, height: int, width: int, channels: int) -> None:
    """By sub-images, also where another method would make a smaller file."""
    coder = StepCoder(model)
    samples = make(height, width, channels).pixels
    colours = Colours.YUV if channels == 3 else Colours.GRAY
    coded = coder.encode(colours, samples, 8, 0, True)
    assert np.array_equal(coded.samples, samples)
    assert coded.reads_back()
    assert np.array_equal(coder.decode(colours, memoryview(coded.stream), height, width, 8, 0), samples)


@pytest.mark.parametrize("depth", [8, 16])
def test_noise_and_constants(model: TrainedSteps, depth: int) -> None:
    """Extreme values, whose errors need all plain bits."""
    coder, rng = StepCoder(model), np.random.default_rng(0)
    peak, kind = 2**depth - 1, np.uint8 if depth == 8 else np.uint16
    noise = rng.integers(0, peak + 1, (21, 34, 3)).astype(kind)
    extremes = (rng.integers(0, 2, (21, 34, 3)) * peak).astype(kind)
    for samples in (noise, extremes, np.full((9, 40, 3), peak, kind)):
        data = coder.encode(Colours.YUV, samples, depth, 0, False).stream
        assert np.array_equal(coder.decode(Colours.YUV, memoryview(data), *samples.shape[:2], depth, 0), samples)


def test_a_photograph(codec: LcFdnetCodec, photograph: Image) -> None:
    """Networks are used, and beat prediction that adapts alone."""
    part = Image(photograph.pixels[:128, :160].copy())
    data = codec.encode(part)
    assert codec.methods(data) == ["sub-images"]
    assert codec.decode(data) == part
    plain = LcFdnetCodec(network=False).encode(part)
    assert len(data) < len(plain)
    assert not container.read(plain)[0].has_model
    region = latentpress.Region(31, 17, 50, 40)
    assert np.array_equal(codec.decode_region(data, region).pixels, part.pixels[region.rows, region.columns])


def test_public_functions(photograph: Image) -> None:
    small = Image(photograph.pixels[:40, :56].copy())
    data = latentpress.compress(small, lossless=True, codec="lc-fdnet")
    assert latentpress.decompress(data) == small
    info = latentpress.inspect(data)
    assert (info.codec, info.model_name, info.facts) == ("lc-fdnet", "lc-fdnet-2", {"method": "sub-images"})
    near = latentpress.compress(small, max_error=3, codec="lc-fdnet")
    assert latentpress.inspect(near).facts["method"] == "networks"
    assert np.abs(latentpress.decompress(near).pixels.astype(int) - small.pixels).max() <= 3
    with pytest.raises(UnsupportedError, match="codec number 3"):
        MlpLosslessCodec().decode(data)


def test_low_frequencies_come_first(model: TrainedSteps, photograph: Image) -> None:
    """Nine steps in order; a batch in two parts that share no pixel and leave none out; both are there."""
    samples = photograph.pixels[:96, :130]
    grid = Grid(96, 130)
    first = [plane[::2, ::2] for plane in planes_of(Colours.YUV, samples)]
    batches: list[Batch] = []

    def true(batch: Batch) -> Any:
        batches.append(batch)
        return values(batch)

    values = true_values(planes_of(Colours.YUV, samples))
    StepWalk(ResidualCounter(3), true, grid, plane_ranges(Colours.YUV, 8), model, 8, first).run()
    steps = list(dict.fromkeys((batch.position, batch.plane) for batch in batches))
    assert steps == [(position, plane) for position in ORDER for plane in range(3)]
    rows: dict[tuple[int, int, int], list[Batch]] = {}
    for batch in batches:
        rows.setdefault((batch.position, batch.plane, batch.r), []).append(batch)
    assert len(rows) == 9 * grid.lane_rows
    for (position, _, r), parts in rows.items():
        assert len(parts) <= 2
        both = np.sort(np.concatenate([batch.chosen for batch in parts]))
        inside = np.arange(grid.columns) < grid.shape(position)[1]
        assert np.array_equal(both, np.flatnonzero(np.tile(inside, grid.count(position, r))))
    shares = [len(parts[0].chosen) / sum(len(batch.chosen) for batch in parts) for parts in rows.values()]
    assert 0.01 < np.mean(shares) < 0.99


def test_sub_images_are_lossless_only(model: TrainedSteps) -> None:
    with pytest.raises(CorruptFileError, match="sub-images"):
        StepCoder(model).decode(Colours.GREEN, memoryview(b"\0\0"), 1, 1, 8, 2)
    codec = LcFdnetCodec()
    assert codec.method(3, 8, 0) == codec.method(4, 8, 0) == Method.STEPS
    assert codec.method(3, 8, 2) == Method.NETWORK


@pytest.mark.parametrize("depth", [8, 12])
def test_mosaics_go_in_sub_images(codec: LcFdnetCodec, photograph: Image, depth: int) -> None:
    """Y, D, U and V: each with the steps of a plane that sees as many others; odd sides too."""
    raw = photograph.pixels[:71, :94, 1:2].copy()
    raw[::2, ::2], raw[1::2, 1::2] = photograph.pixels[:71:2, :94:2, :1], photograph.pixels[1:71:2, 1:94:2, 2:]
    if depth > 8:
        grain = np.random.default_rng(0).integers(0, 1 << depth - 8, raw.shape)
        raw = (raw.astype(np.int64) << depth - 8 | grain).astype(np.uint16)
    data = LcFdnetCodec(mosaic="RGGB", threads=1).encode(Image(raw, depth))
    assert codec.methods(data) == ["sub-images"]
    assert np.array_equal(codec.decode(data).pixels, raw)
    assert len(data) < len(codec.encode(Image(raw, depth)))  # as gray


def test_drawings_may_go_in_waves(codec: LcFdnetCodec, photograph: Image) -> None:
    """A drawing with grain in a part: whichever way is smaller, it comes back."""
    samples = np.full((64, 96, 3), 250, np.uint8)
    samples[::8] = samples[:, ::12] = 30
    samples[20:60, 40:90] = photograph.pixels[20:60, 40:90]
    data = codec.encode(Image(samples))
    assert codec.decode(data) == Image(samples)
    assert codec.methods(data)[0] in ("networks for drawings", "WebP", "sub-images")
