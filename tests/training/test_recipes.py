"""Recipes: those that ship load, and what cannot be is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from latentpress.catalogue import folder_of, systems
from latentpress.errors import InvalidInputError
from latentpress.training.plan import Plan, load_plan, training_of

SHIPPED = [
    one.id + path.stem.removeprefix("recipe")
    for one in systems()
    if one.training
    for path in sorted(folder_of(one.id).glob("recipe*.toml"))
]


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipes_load_and_are_stored_whole(name: str) -> None:
    plan = load_plan(name)
    assert Plan.from_dict(plan.to_dict()) == plan
    assert training_of(plan.codec)(plan).schedule == plan.schedule


@pytest.mark.parametrize("id", [one.id for one in systems() if one.training])
def test_every_system_has_a_recipe_and_a_tiny_one(id: str) -> None:
    assert id in SHIPPED
    assert load_plan(Path(__file__).parents[1] / "systems" / "tiny" / f"{id}.toml").codec == id


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"codec": "other"}, "names codec 'other'; this version trains: hyperprior"),
        ({"extra": {}}, "unknown section or key: extra"),
        ({"model": 3}, "model must be a section"),
        ({"schedule": {"steps": 5, "stepz": 1}}, "unknown key schedule.stepz"),
        ({"schedule": {"steps": "5"}}, "steps must be int, not '5'"),
        ({"schedule": {"steps": True}}, "steps must be int"),
        ({"schedule": {}}, "steps"),
        ({"schedule": {"steps": 0}}, "steps must be at least 1, not 0"),
        ({"schedule": {"steps": 5, "ema": 1.5}}, "ema must be at most 1"),
        ({"schedule": {"steps": 5, "crop": 100}}, "crop must be a multiple of 64"),
        ({"schedule": {"steps": 5, "optimiser": "sgd"}}, "optimiser must be one of adam, muon"),
        ({"model": {"passes": 3}, "schedule": {"steps": 5}}, "passes must be 2 or 4"),
        ({"codec": "importance-map", "model": {"signed": 2}}, "must not fall"),
        ({"codec": "mlp-lossless", "model": {"width": 0}}, "width must be at least 1"),
        ({"codec": "mlp-lossless", "objective": {"loss": "l2"}}, "one of code-length, l1"),
    ],
)
def test_bad_recipes(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"codec": "hyperprior", "schedule": {"steps": 5}}
    with pytest.raises(InvalidInputError, match=message):
        Plan.from_dict(good | change)
