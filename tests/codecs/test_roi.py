"""Regions of interest, in both codecs that know them: quality moves there at equal size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress import container
from latentpress.codecs import tiles
from latentpress.codecs.base import Codec, Region
from latentpress.codecs.mean_scale.finer import Finer, steps_of
from latentpress.codecs.mean_scale.parameters import Parameters
from latentpress.codecs.orders import Checkerboard
from latentpress.codecs.roi import MAP_LIMIT, Roi, pack_map, unpack_map
from latentpress.container import INTEREST, Chunk
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError
from latentpress.image import Image, read
from latentpress.systems.hyperprior.codec import HyperpriorCodec
from latentpress.systems.importance_map.codec import ImportanceCodec

EXAMPLE = Path(__file__).parents[2] / "examples" / "macaws.png"
REGION = Region(100, 60, 96, 80)


@pytest.fixture(scope="module", params=[HyperpriorCodec, ImportanceCodec], ids=lambda cls: cls.id)
def knowing(request: pytest.FixtureRequest) -> Codec:
    return request.param(threads=1)


@pytest.fixture(scope="module")
def scene() -> Image:
    """A part of the example picture, 384 wide and 256 high."""
    return Image(read(EXAMPLE).pixels[100:356, 150:534].copy())


def inside_and_outside(image: Image, restored: Image) -> tuple[float, float]:
    """PSNR in the region and around it."""
    error = np.square(image.pixels.astype(float) - restored.pixels)
    inside = np.zeros(error.shape[:2], bool)
    inside[REGION.rows, REGION.columns] = True
    return tuple(10 * np.log10(255**2 / error[part].mean()) for part in (inside, ~inside))


def test_two_decibels_inside_at_equal_size(knowing: Codec, scene: Image) -> None:
    plain = knowing.encode(scene, 45)
    data = latentpress.compress(scene, codec=knowing, size=len(plain), roi=[REGION])
    assert 0.96 * len(plain) < len(data) <= len(plain)
    before = inside_and_outside(scene, knowing.decode(plain))
    after = inside_and_outside(scene, knowing.decode(data))
    assert after[0] > before[0] + 2
    assert after[1] < before[1]


def test_strength_decides_how_much(knowing: Codec, scene: Image) -> None:
    psnrs = []
    for strength in (0.1, 8.0, 18.0):
        roi = Roi.of(scene.width, scene.height, [REGION], strength=strength)
        psnrs.append(inside_and_outside(scene, knowing.decode(knowing.encode(scene, 45, roi=roi))))
    assert psnrs[0][0] + 0.4 < psnrs[1][0] <= psnrs[2][0]
    assert psnrs[0][1] > psnrs[1][1] > psnrs[2][1]


def test_nothing_of_interest_changes_nothing(knowing: Codec, scene: Image) -> None:
    empty = Roi.of(scene.width, scene.height, mask=np.zeros(scene.pixels.shape[:2], bool))
    assert knowing.encode(scene, 20, roi=empty) == knowing.encode(scene, 20)


def test_tiles_and_regions(knowing: Codec, scene: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "_SIDE", 8)
    monkeypatch.setattr(tiles, "_WHOLE", 4)
    data = latentpress.compress(scene, 40, knowing, roi=[(100, 60, 96, 80)])
    whole = knowing.decode(data)
    part = knowing.decode_region(data, REGION)
    assert np.abs(part.pixels.astype(int) - whole.pixels[REGION.rows, REGION.columns]).max() <= 1
    inside, outside = inside_and_outside(scene, whole)
    plain = inside_and_outside(scene, knowing.decode(knowing.encode(scene, 40)))
    assert inside > plain[0] + 0.5
    assert outside < plain[1] - 0.5


def test_masks_of_all_kinds(scene: Image) -> None:
    height, width = scene.pixels.shape[:2]
    mask = np.zeros((height, width))
    mask[REGION.rows, REGION.columns] = 1
    kinds = [Roi.of(width, height, mask=m) for m in (mask, mask.astype(bool), (255 * mask).astype(np.uint8))]
    kinds.append(Roi.of(width, height, [REGION]))
    assert all(np.array_equal(roi.weights, mask) for roi in kinds)


def test_the_edge_is_soft() -> None:
    cells = Roi.of(160, 160, [Region(64, 64, 20, 16)], strength=8).decibels(16)
    assert (cells[4] + 4).tolist() == [0, 0, 2, 4, 8, 8, 4, 2, 0, 0]
    assert cells[2, 4] == -2
    assert not Roi.of(160, 160, strength=8).decibels(16).any()
    assert Roi.of(17, 1, [Region(16, 0, 1, 1)]).decibels(16).shape == (1, 2)


def test_wrong_interest_is_refused(scene: Image) -> None:
    height, width = scene.pixels.shape[:2]
    for mask in (np.zeros((3, 3)), np.full((height, width), 2.0), np.full((height, width), np.nan)):
        with pytest.raises(InvalidInputError):
            Roi.of(width, height, mask=mask)
    for mask in (np.zeros((height, width), np.uint16), np.zeros((height, width, 3), bool)):
        with pytest.raises(InvalidInputError):
            Roi.of(width, height, mask=mask)
    for strength in (0, -1, 19, float("nan"), True):
        with pytest.raises(InvalidInputError):
            Roi.of(width, height, [REGION], strength=strength)
    with pytest.raises(InvalidInputError, match="does not lie"):
        Roi.of(width, height, [Region(0, 0, width + 1, 1)])
    with pytest.raises(InvalidInputError, match="does not fit"):
        latentpress.compress(scene, roi=Roi.of(8, 8))
    with pytest.raises(InvalidInputError, match="knows no regions"):
        latentpress.compress(scene, lossless=True, roi=[REGION])


def test_effort_and_interest_exclude_each_other(scene: Image) -> None:
    with pytest.raises(UnsupportedError, match="effort"):
        latentpress.compress(scene, effort=2, roi=[REGION])


# What follows is about the hyperprior's map.


def test_scaling_of_means_and_values_is_exact_and_near_what_it_says() -> None:
    rng = np.random.default_rng(0)
    steps = rng.integers(-MAP_LIMIT, MAP_LIMIT + 1, (9, 11)).astype(np.int8)
    mean = (rng.integers(-(2**15), 2**15, (5, 9, 11)) / 16).astype(np.float32)
    index = (rng.integers(-200, 1000, (5, 9, 11)) / 16).astype(np.float32)
    factor = (120 / 0.045) ** (steps / 62.5)
    finer = Finer(steps)
    scaled = finer.parameters(Parameters(mean, index))
    assert np.array_equal(scaled.index, index + steps)
    assert np.array_equal(scaled.mean * 16, np.round(scaled.mean * 16))
    assert np.abs(scaled.mean - mean * factor).max() < 1 / 32 + np.abs(mean * factor).max() / 4096
    back = finer.values(scaled.mean)
    assert np.array_equal(back * 16, np.round(back * 16))
    order = Checkerboard(4)
    parts = zip(finer.parts(order, 5), order.split(scaled.mean), order.split(back), strict=True)
    assert all(np.array_equal(part.values(mean), expected) for part, mean, expected in parts)
    assert np.abs(back - mean).max() < 1 / 32 + 1 / 32 / factor.min() + 0.01
    assert np.allclose(finer.latents(mean), mean * factor, rtol=1e-2)


def test_a_damaged_map_is_refused(scene: Image) -> None:
    codec = HyperpriorCodec(threads=1)
    header, chunks = container.read(latentpress.compress(scene, 10, codec, roi=[REGION]))
    found = next(chunk for chunk in chunks if chunk.kind == INTEREST)
    rest = [chunk for chunk in chunks if chunk.kind != INTEREST]
    steps = unpack_map(chunks, 16, 24)
    assert steps is not None
    shifted = pack_map(np.roll(steps, 1, axis=1))[0]
    wild = pack_map(np.full((16, 24), MAP_LIMIT + 1, np.int8))[0]
    payloads = [b"", b"junk", found.payload[:-3], found.payload + b"x", shifted.payload, wild.payload]
    payloads += [pack_map(np.ones((16, 25), np.int8))[0].payload, pack_map(np.ones((16, 23), np.int8))[0].payload]
    for payload in payloads:
        with pytest.raises(CorruptFileError):
            codec.decode(container.write(header, [Chunk(INTEREST, payload), *rest]))
    with pytest.raises(CorruptFileError):
        codec.decode(container.write(header, [found, *chunks]))
    with pytest.raises(CorruptFileError):  # without its map the file is another
        codec.decode(container.write(header, rest))


def test_every_engine_reads_the_map_alike(scene: Image) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    data = latentpress.compress(scene, 35, roi=[REGION])
    assert HyperpriorCodec(threads=1).exact(data) == HyperpriorCodec(engine="torch", dtype="float64").exact(data)


def test_no_interest_no_map() -> None:
    assert steps_of(Roi.of(64, 64), 16) is None
    assert pack_map(None) == []
    assert unpack_map([], 4, 4) is None
