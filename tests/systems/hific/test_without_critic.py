"""`hific` without its adversary: a distance of texture beside rate and error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from latentpress.errors import InvalidInputError
from latentpress.systems.hific.training import HificTraining
from latentpress.training.plan import load_plan

TINY = Path(__file__).parents[1] / "tiny" / "hific.toml"


def test_there_is_one_player_and_texture_counts() -> None:
    plan = load_plan(TINY)
    aims = replace(plan.objective, fooling=0.0, texture=3.0)
    alone = replace(plan, model=replace(plan.model, critic=0), more=plan.more | {"objective": aims})
    training = HificTraining(alone)
    assert training.figures == HificTraining.figures[:-1]
    torch.manual_seed(0)
    net = training.network(None)
    assert [player.name for player in training.players(net)] == ["codec"]
    rng = np.random.default_rng(0)
    samples = [rng.integers(0, 256, (64, 64, 3)).astype(np.uint8) for _ in range(3)]
    total, figures = training.loss(net, *training.draw(samples, rng))
    assert len(figures) == len(training.figures)
    assert total > 3 * figures[2]  # texture, and the rest
    assert figures[3] == 0
    with pytest.raises(InvalidInputError, match="critic and objective"):
        HificTraining(replace(alone, more=plan.more))
