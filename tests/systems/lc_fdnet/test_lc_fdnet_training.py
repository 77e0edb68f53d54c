"""Training lc-fdnet: samples, a threshold that learns, a run that resumes, export that codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from latentpress.image import Image  # noqa: E402
from latentpress.systems.lc_fdnet.features import layout_of  # noqa: E402
from latentpress.systems.lc_fdnet.frequencies import HIGH_INPUTS, Statistics, threshold  # noqa: E402
from latentpress.systems.lc_fdnet.model import STEPS  # noqa: E402
from latentpress.systems.lc_fdnet.net import LcFdnetConfig, StepNet, Threshold  # noqa: E402
from latentpress.systems.lc_fdnet.objective import Stretches, stretch_bits  # noqa: E402
from latentpress.systems.lc_fdnet.samples import collect  # noqa: E402
from latentpress.systems.lc_fdnet.subimages import BLOCK  # noqa: E402
from latentpress.training.checkpoint import load_checkpoint  # noqa: E402
from latentpress.training.run import train  # noqa: E402

RECIPE = """
codec = "lc-fdnet"
[model]
width = 8
depth = 1
high_width = 8
high_depth = 1
[schedule]
steps = 24
batch = 256
per_picture = 2000
warmup = 2
validate_every = 8
learning_rate = 0.01
"""


def stretches(inputs: int, count: int = 40) -> Stretches:
    """Pixels whose errors repeat along a stretch: who knows the neighbours knows more."""
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 120, (count, 1))
    columns = (
        rng.integers(-255, 256, (count, BLOCK, inputs)),
        np.rint(shared + rng.normal(0, 20, (count, BLOCK))),
        np.zeros((count, BLOCK)),
        2.0 ** rng.uniform(7, 11, (count, BLOCK)),
        np.tile([9.0, 1.0], (count, 1)),
    )
    return Stretches(*(torch.from_numpy(column).float() for column in columns))


def test_the_threshold_gets_a_gradient() -> None:
    """In every weight, through a mask of whole numbers."""
    torch.manual_seed(0)
    net = StepNet(5, HIGH_INPUTS, LcFdnetConfig(8, 1, 8, 1))
    for parameter in net.high.parameters():
        torch.nn.init.normal_(parameter, 0, 0.1)
    bits, _, mask = stretch_bits(net, stretches(5))
    assert set(mask.detach().unique().tolist()) == {0.0, 1.0}
    bits.mean().backward()
    gradient = net.threshold.weight.grad
    assert gradient is not None
    assert (gradient != 0).all()


def test_the_threshold_finds_its_place() -> None:
    """Low frequencies cost 1 bit below a scale of 2^7 and 3 above, high ones always 2: it moves there from afar, and a
    comparison without a slope would not.
    """
    border = Threshold()
    scale = torch.rand(64, 32, generator=torch.Generator().manual_seed(0)) * 6 + 5
    statistics = torch.tensor([[9.0, 1.0]]).repeat(64, 1)
    optimiser = torch.optim.Adam(border.parameters(), 0.02)
    start = float(border(statistics)[0].detach())
    for _ in range(300):
        mask = border.mask(scale, statistics)
        loss = (mask * torch.where(scale < 7, 1.0, 3.0) + (1 - mask) * 2.0).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert start == 9
    assert abs(float(border(statistics)[0].detach()) - 7) < 0.2
    assert not (scale < 7).to(torch.int64).requires_grad


def test_codec_and_network_agree_on_the_threshold() -> None:
    border = Threshold()
    with torch.no_grad():
        border.weight.copy_(torch.tensor([-0.75, 0.875, 0.5]))
    for mean, deviation in ((100, 9), (-3, 0), (255, 40)):
        wanted = 64 * float(border(torch.tensor([[mean / 16, deviation / 16]]))[0].detach())
        found = threshold(np.array(border.whole_weights()), Statistics(mean, deviation))
        assert abs(found - wanted) <= 1


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def run(recipe: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(recipe, photos, run=tmp_path_factory.mktemp("run"), valid=photos, threads=1, report=lambda _: None)


def test_samples_are_what_the_codec_sees(photos: Path) -> None:
    pixels = np.asarray(Image.from_pillow(__import__("PIL.Image").Image.open(photos / "0.png")).pixels)
    starts = {step: np.zeros((layout_of(*step).linear, layout_of(*step).linear + 1), np.int64) for step in STEPS}
    for step, part in zip(STEPS, collect([pixels], starts, 10**9, 0, lambda _: None), strict=True):
        assert part.inputs.shape == (65 * 2, BLOCK, layout_of(*step).inputs)  # whole blocks alone
        assert np.abs(part.inputs).max() <= 255
        assert part.scale.min() >= 64
        right = part.prediction * part.scale / (16 * 512)
        late = slice(len(part) // 2, None)  # least squares have learned by then
        assert np.abs(part.offset - right)[late].mean() < 1.02 * np.abs(part.offset)[late].mean()


def test_a_run_learns(run: Path) -> None:
    log = [line.split(",") for line in (run.parent / "log.csv").read_text().splitlines()]
    valid = [float(row[3]) for row in log if row[1] == "valid"]
    assert len(valid) == 3
    assert valid[-1] < valid[0]
    weights = load_checkpoint(run).weights
    moved = [weights[f"steps.{i}.threshold.weight"] for i in range(9)]
    assert all((weight - torch.tensor([0.0, 1.0, 0.0])).abs().min() > 1e-4 for weight in moved)
