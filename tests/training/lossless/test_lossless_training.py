"""Training the lossless networks: samples, objective, a run that learns and resumes, export that is exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from latentpress.codecs.lossless.features import inputs_of, linear_of  # noqa: E402
from latentpress.engine import load  # noqa: E402
from latentpress.errors import InvalidInputError  # noqa: E402
from latentpress.image import Image  # noqa: E402
from latentpress.parts.integer import set_integer  # noqa: E402
from latentpress.parts.lossless import LosslessConfig, LosslessNet  # noqa: E402
from latentpress.training.checkpoint import load_checkpoint  # noqa: E402
from latentpress.training.exactness import prove_exact  # noqa: E402
from latentpress.training.lossless.graphs import export_plane  # noqa: E402
from latentpress.training.lossless.objective import OBJECTIVES, code_length  # noqa: E402
from latentpress.training.lossless.samples import collect  # noqa: E402
from latentpress.training.run import train  # noqa: E402

RECIPE = """
codec = "mlp-lossless"
[model]
width = 8
depth = 2
[schedule]
steps = {steps}
batch = 64
per_picture = 400
warmup = 2
validate_every = 10
learning_rate = 0.01
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from PIL import Image as PillowImage

    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for i in range(2):
        smooth = np.cumsum(np.cumsum(rng.normal(size=(64, 66, 3)), axis=0), axis=1)
        pixels = 128 + 40 * smooth / smooth.std() + rng.normal(0, 4, smooth.shape)
        PillowImage.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE.format(steps=30))
    return path


@pytest.fixture(scope="module")
def run(recipe: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(recipe, photos, run=tmp_path_factory.mktemp("run"), valid=photos, threads=1, report=lambda _: None)


def test_samples_are_what_the_codec_sees(photos: Path) -> None:
    pixels = np.asarray(Image.from_pillow(__import__("PIL.Image").Image.open(photos / "0.png")).pixels)
    starts = [np.zeros((linear_of(p), linear_of(p) + 1), np.int64) for p in range(3)]
    planes = collect([pixels], starts, 10**9, 0, lambda _: None)
    for p, plane in enumerate(planes):
        assert plane.inputs.shape == (64 * 66, inputs_of(p))
        assert np.abs(plane.inputs).max() <= 255
        assert plane.scale.min() >= 64
        # the adaptive prediction is better than the base
        step = plane.prediction * plane.scale / (16 * 512)
        assert np.abs(plane.offset - step).mean() < 0.9 * np.abs(plane.offset).mean()


def test_code_length_is_that_of_a_distribution() -> None:
    """Summed over all values, the probabilities of one pixel are 1."""
    offset = 16.0 * torch.arange(-3000, 3001)
    ones = torch.ones_like(offset)
    for spread in (-3.0, 0.0, 2.0):
        bits = code_length(0.01 * ones, spread * ones, offset, 700 * ones, 300 * ones)
        assert torch.exp2(-bits.double()).sum().item() == pytest.approx(1, abs=1e-3)
    near, far = (code_length(ones * 0, ones * 0, ones * x, ones * 0, ones * 300)[0] for x in (0, 1600))
    assert near < far


def test_a_run_learns(run: Path) -> None:
    log = [line.split(",") for line in (run.parent / "log.csv").read_text().splitlines()]
    valid = [float(row[3]) for row in log if row[1] == "valid"]
    assert len(valid) == 3
    assert valid[-1] < valid[0]


def test_graphs_equal_the_networks() -> None:
    torch.manual_seed(0)
    net = LosslessNet(LosslessConfig(16, 2), [9])
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, 0, 0.3)
    plane = net.planes[0]
    assert max(prove_exact(plane).values()) < 2**24
    x = np.random.default_rng(0).integers(-255, 256, (50, 9)).astype(np.float32)
    set_integer(net, True)
    with torch.inference_mode():
        correction, spread = plane(torch.from_numpy(x))
    wanted = np.stack([correction.numpy() * 2**12, spread.numpy() * 2**6], axis=1)
    for engine, dtype in (("onnx", "float32"), ("torch", "float32"), ("torch", "float64")):
        assert np.array_equal(load(export_plane(plane), engine, None, dtype=dtype)(x=x)["y"], wanted), (engine, dtype)


def test_inexact_networks_are_refused() -> None:
    net = LosslessNet(LosslessConfig(2000, 1), [9])
    torch.nn.init.constant_(net.planes[0].correction.weight, 100.0)
    with pytest.raises(InvalidInputError, match="correction is not exact"):
        prove_exact(net.planes[0])
    torch.nn.init.constant_(net.planes[0].spread.weight, float("nan"))
    torch.nn.init.constant_(net.planes[0].correction.weight, 0.0)
    with pytest.raises(InvalidInputError, match=r"spread\.weight is not finite"):
        prove_exact(net.planes[0])


def test_losses_of_errors_and_contexts() -> None:
    """Errors in pixel values, and how far the context is from each; least when it is the error."""
    error, scale = torch.tensor([0.0, 4.0, 4.0]), torch.full((3,), 128.0)
    context = torch.tensor([1.0, 4.0, 8.0])  # what a spread of 0, 2, 3 makes of 128/128
    losses = OBJECTIVES["l1"](torch.zeros(3), torch.log2(context), 16 * error, torch.zeros(3), scale)
    assert torch.allclose(losses, error + (context - error).abs())


def test_a_run_learns_small_errors(recipe: Path, photos: Path, tmp_path: Path) -> None:
    """The pair of losses falls, and with it the bits, which both kinds of run are judged by."""
    path = tmp_path / "l1.toml"
    path.write_text(recipe.read_text() + '[objective]\nloss = "l1"\n')
    done = train(path, photos, run=tmp_path / "run", valid=photos, threads=1, report=lambda _: None)
    state = load_checkpoint(done)
    assert state.recipe.objective.loss == "l1"
    log = [line.split(",") for line in (tmp_path / "run" / "log.csv").read_text().splitlines()]
    valid = [float(row[3]) for row in log if row[1] == "valid"]
    assert valid[-1] < valid[0]
