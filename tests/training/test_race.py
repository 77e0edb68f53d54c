"""A race of settings: the best of short runs goes on to the end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from latentpress.errors import InvalidInputError
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.plan import Plan
from latentpress.training.race import race

QUIET: dict[str, Any] = {"threads": 1, "report": lambda line: None}


def test_the_best_goes_on(tiny: Plan, folder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    plan = replace(tiny, schedule=replace(tiny.schedule, steps=12, warmup=0))
    settings = ["schedule.learning_rate=0.03", "schedule.learning_rate=1e-4+schedule.optimiser=muon"]
    options = QUIET | {"run": tmp_path, "valid": folder, "report": said.append}
    state = load_checkpoint(race(plan, folder, settings, 6, **options))
    assert state.step == 12
    assert (state.recipe.schedule.learning_rate, state.recipe.schedule.optimiser) == (1e-4, "muon")
    assert state.recipe.schedule.validate_every == plan.schedule.validate_every
    assert f"{settings[1]} goes on" in said
    short = [load_checkpoint(tmp_path / "race" / str(number) / "checkpoint.safetensors") for number in range(2)]
    assert [one.step for one in short] == [6, 6]


@pytest.mark.parametrize(
    ("settings", "steps", "reason"),
    [
        (["schedule.seed=1"], 6, "two settings"),
        (["schedule.seed=1", "schedule.sed=2"], 6, "KEY=VALUE of the recipe, not 'schedule.sed=2'"),
        (["schedule.seed=1", "schedule.seed"], 6, "KEY=VALUE of the recipe"),
        (["schedule.seed=1", "schedule.seed=-2"], 6, "at least 0"),
        (["schedule.seed=1", "schedule.seed=2"], 6, "100 steps"),
    ],
)
def test_what_is_no_race(
    tiny: Plan, folder: Path, tmp_path: Path, settings: list[str], steps: int, reason: str
) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        race(tiny, folder, settings, steps, run=tmp_path / "run", **QUIET)
    assert not (tmp_path / "run").exists()
