"""Vector quantisation: codebooks against those of SciPy, a fit on one picture, what a file is worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from latentpress.codecs.targets import psnr_of
from latentpress.image import Image
from latentpress.systems.vq.codec import VqCodec, vectors_of
from latentpress.systems.vq.lbg import codebook, nearest

MACAWS = Path(__file__).parents[3] / "examples" / "macaws.png"
RECIPE = Path(__file__).parents[1] / "tiny" / "vq.toml"


def _error(vectors: np.ndarray, words: np.ndarray) -> float:
    """By brute force."""
    return float(((vectors[:, None] - words) ** 2).sum(axis=2).min(axis=1).mean())


def test_codebooks_are_as_good_as_those_of_scipy() -> None:
    vq = pytest.importorskip("scipy.cluster.vq")
    rng = np.random.default_rng(0)
    vectors = (rng.laplace(0, 8, (3000, 4)) * rng.choice([0.2, 1, 3], (3000, 1))).astype(np.float32)
    ours = codebook(vectors, 32)
    theirs = min(_error(vectors, vq.kmeans2(vectors, 32, minit="++", seed=n)[0]) for n in range(3))
    assert _error(vectors, ours) < 1.05 * theirs
    _, gain = nearest(vectors, ours)
    assert np.isclose((np.square(vectors).sum(axis=1) - gain).mean(), _error(vectors, ours), rtol=1e-3)


def test_few_vectors_and_costs() -> None:
    words = codebook(np.zeros((1, 2), np.float32), 8)
    assert np.isfinite(words).all()
    with pytest.raises(ValueError, match="power of two"):
        codebook(np.zeros((5, 2), np.float32), 6)
    two = np.float32([[0, 0], [4, 0]])
    assert nearest(np.float32([[2.5, 0]]), two)[0] == 1
    assert nearest(np.float32([[2.5, 0]]), two, np.float32([0, 9]))[0] == 0


def test_vectors_are_squares() -> None:
    band = np.arange(2 * 4 * 6).reshape(2, 4, 6)
    assert vectors_of(band, 2)[1, 1, 2].tolist() == [40, 41, 46, 47]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> VqCodec:
    """A model of a picture's upper part."""
    pytest.importorskip("torch")
    from latentpress.training.export import export
    from latentpress.training.run import train

    folder = tmp_path_factory.mktemp("vq")
    (folder / "data").mkdir()
    with PillowImage.open(MACAWS) as picture:
        picture.convert("RGB").crop((0, 0, 320, 192)).save(folder / "data" / "upper.png")
    checkpoint = train(RECIPE, folder / "data", run=folder / "run", report=lambda line: None)
    export(checkpoint, folder / "model", name="upper", data=folder / "data")
    return VqCodec(str(folder / "model"))


def test_files_of_what_it_has_learned(fitted: VqCodec) -> None:
    with PillowImage.open(MACAWS) as picture:
        part = Image(np.asarray(picture.convert("RGB").crop((96, 32, 256, 128))))
    files = [fitted.encode(part, quality) for quality in (0, 50, 100)]
    sizes, worth = [len(data) for data in files], [psnr_of(part, fitted.decode(data)) for data in files]
    assert sizes == sorted(sizes)
    assert worth == sorted(worth)
    assert worth[2] > 25
    assert sizes[2] < part.pixels.size / 10
