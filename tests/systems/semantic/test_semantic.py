"""Layers by meaning: maps in whole numbers, both sides agree, layers, classes as regions of interest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import latentpress
from latentpress import container
from latentpress.codecs.ports import read, write
from latentpress.codecs.targets import psnr_of
from latentpress.container import CutFileWarning, keep_layers
from latentpress.entropy import ProbabilityTables, quantise_pmf
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.models import find_model
from latentpress.systems.semantic.codec import SemanticCodec, halved
from latentpress.systems.semantic.interest import mask_of_classes
from latentpress.systems.semantic.layout import CELL, CLASSES
from latentpress.systems.semantic.maps import CONTEXTS, code_map
from latentpress.systems.semantic.model import Classes, SemanticModel
from latentpress.systems.semantic.segmenter import features, nearest, segmented, settled


@pytest.fixture(scope="module")
def model() -> SemanticModel:
    try:
        return SemanticModel.open(find_model("semantic", name="semantic-1"))
    except UnsupportedError:
        pytest.skip("the package semantic-1 is not installed")


def test_cells_are_told_by_colour_and_roughness() -> None:
    pixels = np.zeros((20, 33, 3), np.uint8)
    pixels[:8, :8] = 200
    pixels[8:16, 8:16] = (np.indices((8, 8)).sum(axis=0) % 2 * 200)[..., None]
    found = features(pixels)
    assert found.shape == (4, 3, 5)
    assert found[0, 0, 0] == 200
    assert found[3, 1, 1] == found[3].max() > 80
    assert found[3, 2, 4] == 0
    centres = np.stack([found[:, 0, 0], found[:, 1, 1], *[found[:, 2, 4]] * (CLASSES - 2)])
    assert nearest(found, centres)[[0, 1, 2], [0, 1, 4]].tolist() == [0, 1, 2]
    lonely = np.full((5, 5), 3, np.uint8)
    lonely[2, 2] = 1
    assert (settled(lonely) == 3).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (6, 11)])
def test_maps_come_back(shape: tuple[int, int]) -> None:
    counts = np.tile(quantise_pmf(np.ones(CLASSES + 2)), CONTEXTS)
    tables = ProbabilityTables(counts, np.full(CONTEXTS, CLASSES // 2, np.uint16))
    wanted = np.random.default_rng(0).integers(0, CLASSES, shape).astype(np.uint8)
    data = write(lambda port: Classes(code_map(port, wanted, shape, tables)))
    assert np.array_equal(read(data, lambda port: Classes(code_map(port, None, shape, tables))).map, wanted)


def test_a_sent_map_is_the_picture_s(model: SemanticModel, photograph: Image) -> None:
    codec = SemanticCodec(threads=1)
    found = codec.classes_of(codec.encode(photograph, 20))
    assert np.array_equal(found, segmented(photograph.pixels, model.centres))
    assert len(np.unique(found)) > 2
    deep = Image(photograph.pixels.astype(np.uint16) << 8, 16)
    assert np.array_equal(segmented(deep.pixels, model.centres, 16), found)


def test_a_shared_map_takes_no_bits_and_is_nearly_right(model: SemanticModel, photograph: Image) -> None:
    sent, shared = (SemanticCodec(threads=1, classes=how) for how in ("sent", "shared"))
    data = shared.encode(photograph, 30)
    assert [chunk.bytes for chunk in latentpress.inspect(data).chunks][1] == 6
    assert len(data) < len(sent.encode(photograph, 30))
    truth = segmented(photograph.pixels, model.centres)
    assert (shared.classes_of(data) == truth).mean() > 2 / CLASSES
    assert sent.decode(data) == shared.decode(data)  # the file says how
    for how in ({"threads": 2}, {"engine": "torch"}, {"engine": "torch", "dtype": "float64"}):
        if "engine" in how:
            pytest.importorskip("torch")
            pytest.importorskip("onnx")
        assert np.array_equal(SemanticCodec(**how).classes_of(data), shared.classes_of(data))  # type: ignore[arg-type]


def test_a_map_that_is_not_the_encoder_s_is_noticed(model: SemanticModel, photograph: Image) -> None:
    codec = SemanticCodec(threads=1, classes="shared")
    header, chunks = container.read(codec.encode(photograph, 20), layered=True)
    told = bytearray(chunks[1].payload)
    told[1] = 5 - told[1]  # the weights of another quality
    bad = container.write(header, [chunks[0], replace(chunks[1], payload=bytes(told)), *chunks[2:]])
    with pytest.raises(CorruptFileError, match="classes"):
        codec.decode(bad)


def test_each_layer_is_a_better_picture(model: SemanticModel, photograph: Image) -> None:
    codec = SemanticCodec(threads=1)
    data = codec.encode(photograph, 70)
    shown = [codec.decode(keep_layers(data, count)) for count in (1, 2, 3)]
    errors = [psnr_of(photograph, one) for one in shown]
    assert errors[0] - 0.3 < errors[1] < errors[2] - 1
    with pytest.warns(CutFileWarning):
        assert codec.decode(data[:-9]) == shown[1]


def test_small_pictures_are_means() -> None:
    pixels = np.array([[1, 2, 9], [3, 5, 7], [4, 4, 4]], np.uint8)[:, :, None]
    assert halved(Image(pixels))[:, :, 0].tolist() == [[3, 8], [4, 4]]


def test_classes_are_regions_of_interest(model: SemanticModel, photograph: Image) -> None:
    truth = segmented(photograph.pixels, model.centres)
    sizes = np.bincount(truth.ravel(), minlength=CLASSES)
    kind = int(np.where(sizes > 20, sizes, truth.size).argmin())  # the rarest that is there
    mask = mask_of_classes(photograph, [kind])
    assert mask.shape == photograph.pixels.shape[:2]
    assert mask[:CELL, :CELL].all() == (truth[0, 0] == kind)
    usual = latentpress.decompress(latentpress.compress(photograph, bpp=0.3, codec="hyperprior"))
    data = latentpress.compress(photograph, bpp=0.3, codec="hyperprior", roi=mask)
    better = latentpress.decompress(data)
    errors = [np.square(one.pixels.astype(float) - photograph.pixels).mean(axis=2) for one in (usual, better)]
    assert errors[1][mask].mean() < 0.95 * errors[0][mask].mean()
    for wrong in ([CLASSES], [-1]):
        with pytest.raises(InvalidInputError, match="classes are"):
            mask_of_classes(photograph, wrong)
    with pytest.raises(InvalidInputError, match="sent"):
        SemanticCodec(classes="none")
