"""The Karhunen-Loève codec: fit and export on the pictures of a folder, stages, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from latentpress.codecs.stages import Divide, Each, Join, chain
from latentpress.codecs.targets import psnr_of
from latentpress.image import Image
from latentpress.systems.pca_blocks.codec import PcaCodec
from latentpress.transforms import Blocks, Linear, ToYcc, dct_matrix, separable

pytest.importorskip("torch")

from latentpress.training.export import export
from latentpress.training.run import train

MACAWS = Path(__file__).parents[3] / "examples" / "macaws.png"
RECIPE = Path(__file__).parents[1] / "tiny" / "pca-blocks.toml"


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> PcaCodec:
    """A model of a picture's upper part."""
    folder = tmp_path_factory.mktemp("pca")
    (folder / "data").mkdir()
    with PillowImage.open(MACAWS) as picture:
        picture.convert("RGB").crop((0, 0, 384, 256)).save(folder / "data" / "upper.png")
    checkpoint = train(RECIPE, folder / "data", run=folder / "run", report=lambda line: None)
    export(checkpoint, folder / "model", name="upper", data=folder / "data")
    return PcaCodec(str(folder / "model"))


def lower() -> Image:
    with PillowImage.open(MACAWS) as picture:
        return Image(np.asarray(picture.convert("RGB").crop((101, 150, 373, 383))))


def test_stages_go_back_and_keep_more_than_the_dct(fitted: PcaCodec) -> None:
    planes = np.random.default_rng(0).uniform(0, 255, (3, 32, 48)).astype(np.float32)
    stages = fitted.model.stages(0)
    assert np.abs(stages.inverse(stages.forward(planes)) - planes).max() < 0.5  # a basis in float16
    with PillowImage.open(MACAWS) as picture:
        learned = np.asarray(picture.convert("RGB").crop((0, 0, 384, 256))).transpose(2, 0, 1).astype(np.float32)
    kept = np.sort(np.square(stages.forward(learned)).mean(axis=(0, 1)))[-48:].sum()
    luma = Linear(separable(dct_matrix(16)))
    cosines = chain(ToYcc(), Each(*[chain(Blocks(16), luma)] * 3), Join(3), Divide(64.0)).forward(learned)
    assert kept >= np.sort(np.square(cosines).mean(axis=(0, 1)))[-48:].sum()


def test_files_of_pictures_that_it_has_not_seen(fitted: PcaCodec) -> None:
    picture = lower()
    small, large = fitted.encode(picture, 0), fitted.encode(picture, 100)
    assert len(small) < len(large) < picture.pixels.size / 4
    assert 24 < psnr_of(picture, fitted.decode(small)) < psnr_of(picture, fitted.decode(large))


def test_a_flat_picture_takes_next_to_nothing(fitted: PcaCodec) -> None:
    flat = Image(np.full((256, 256, 3), 77, np.uint8))
    data = fitted.encode(flat, 50)
    assert len(data) < 200
    assert np.abs(fitted.decode(data).pixels.astype(int) - 77).max() <= 12
