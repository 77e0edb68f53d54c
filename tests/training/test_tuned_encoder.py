"""Runs that teach the encoder alone, for another aim: the decoder stays, bit for bit."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.models import ModelPackage
from latentpress.systems.hyperprior import training
from latentpress.systems.hyperprior.codec import HyperpriorCodec
from latentpress.systems.hyperprior.training import HyperpriorObjective, HyperpriorTraining
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.export import export
from latentpress.training.plan import Plan
from latentpress.training.run import train


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(3)
    smooth = np.cumsum(np.cumsum(rng.normal(size=(200, 208, 3)), axis=0), axis=1)
    pixels = 128 + 40 * smooth / smooth.std() + rng.normal(0, 6, smooth.shape)
    PillowImage.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path / "a.png")
    return path


@pytest.fixture(scope="module")
def tuned(tiny: Plan, checkpoint: Path, large: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = dataclasses.replace(
        tiny,
        schedule=dataclasses.replace(tiny.schedule, steps=4, crop=192, hard_from=0.0),
        more={"objective": HyperpriorObjective("ms-ssim", encoder_only=True)},
    )
    run = tmp_path_factory.mktemp("run")
    return train(plan, large, run=run, valid=large, start=checkpoint, threads=1, report=lambda _: None)


def test_only_the_analysis_changes(tuned: Path, checkpoint: Path) -> None:
    before, after = (load_checkpoint(path).average for path in (checkpoint, tuned))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("analysis.") for name in changed)


def test_its_package_serves_the_model_that_it_names(
    tuned: Path, checkpoint: Path, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = export(checkpoint, tmp_path / "models" / "small", name="small", data=large)
    monkeypatch.setattr(training, "find_model", lambda codec: ModelPackage(model))
    folder = export(tuned, tmp_path / "models" / "small-ms-ssim", name="small-ms-ssim", data=large)
    package = ModelPackage(folder)
    assert sorted(package.files) == ["analysis.onnx"]
    assert package.config == {"model": ModelPackage(model).id.hex(), "tune": "ms-ssim"}

    monkeypatch.setenv("LATENTPRESS_MODELS", str(tmp_path / "models"))
    with PillowImage.open(large / "a.png") as picture:
        image = Image(np.asarray(picture))
    plain, other = HyperpriorCodec("small", threads=1), HyperpriorCodec("small", threads=1, tune="ms-ssim")
    data = other.encode(image, 60)
    assert data != plain.encode(image, 60)
    assert np.array_equal(plain.decode(data).pixels, other.decode(data).pixels)


def test_encoder_for_a_model_of_other_size_is_refused(tuned: Path, large: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="the run's encoder finds 24 latents"):
        export(tuned, tmp_path / "mine", name="mine", data=large)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        ({"distortion": "vmaf"}, "objective.distortion must be one of mse, ms-ssim"),
        ({"average": "geometric"}, "objective.average must be one of log, plain"),
        ({"quantisation": "hard"}, "objective.quantisation must be one of mixed, noise, soft-round"),
        ({"distortion": "ms-ssim"}, "ms-ssim needs crops of at least 161 pixels"),
        ({"encoder_only": 1}, "objective.encoder_only must be bool"),
        ({"distortion": 3}, "objective.distortion must be str"),
    ],
)
def test_bad_objective_is_refused(tiny: Plan, objective: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        HyperpriorTraining(Plan.from_dict(tiny.to_dict() | {"objective": objective}))
