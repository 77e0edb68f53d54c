"""A recipe so small that a run takes a second, its checkpoint and its package."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentpress.models import ModelPackage
from latentpress.systems.hyperprior.export import export_package
from latentpress.systems.hyperprior.training import train
from latentpress.training.recipe import Recipe


@pytest.fixture(scope="session")
def tiny() -> Recipe:
    return Recipe.from_dict(
        {
            "codec": "hyperprior",
            "model": {
                "latents": 24,
                "hyper_latents": 4,
                "narrow": 16,
                "wide": 16,
                "narrow_depth": 1,
                "wide_depth": 1,
                "features": 16,
                "passes": 4,
                "anchors": 3,
            },
            "schedule": {
                "steps": 12,
                "batch": 2,
                "crop": 64,
                "warmup": 2,
                "klt_pictures": 4,
                "validate_every": 5,
                "hard_from": 0.5,
                "mixed_precision": False,
            },
        }
    )


@pytest.fixture(scope="session")
def checkpoint(tiny: Recipe, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a whole tiny run: weights that have moved, and learnt next to nothing."""
    run = tmp_path_factory.mktemp("run")
    return train(tiny, folder, run=run, threads=1, report=lambda line: None)


@pytest.fixture(scope="session")
def package(checkpoint: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """The model package of that checkpoint."""
    target = tmp_path_factory.mktemp("models") / "tiny"
    return ModelPackage(export_package(checkpoint, target, name="tiny", data=folder))
