"""A new network takes what it can of another's weights, whatever their sizes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from latentpress.parts.block_transforms import placeholder_basis
from latentpress.parts.mean_scale import MeanScaleNet, MeanScaleSizes
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.export import trained_network
from latentpress.training.mean_scale.objective import code
from latentpress.training.plan import Plan
from latentpress.training.run import train
from latentpress.training.transplant import transplant


def fresh(config: MeanScaleSizes, seed: int = 3) -> MeanScaleNet:
    torch.manual_seed(seed)
    return MeanScaleNet(config, placeholder_basis(config.latents))


@pytest.fixture(scope="module")
def donor(checkpoint: Path) -> MeanScaleNet:
    return trained_network(load_checkpoint(checkpoint))[1]


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).uniform(60, 200, (1, 3, 64, 64)).astype(np.float32))


def test_deeper_network_begins_as_the_shallow_one(donor: MeanScaleNet, x: torch.Tensor) -> None:
    deep = fresh(replace(donor.config, narrow_depth=3, wide_depth=2))
    deep.load_state_dict(transplant(donor.state_dict(), deep.state_dict()))
    one, two = (code(net, x, torch.tensor([16]), hard=True) for net in (donor, deep))
    assert torch.equal(one.picture, two.picture)
    assert torch.equal(one.bits, two.bits)


def test_fewer_latents_are_the_first_ones(donor: MeanScaleNet, x: torch.Tensor) -> None:
    small = fresh(replace(donor.config, latents=16))
    small.load_state_dict(transplant(donor.state_dict(), small.state_dict()))
    mix = torch.tensor([[0.0, 16.0, 0.0]])
    assert torch.allclose(small.analysis(x, mix), donor.analysis(x, mix)[:, :16], atol=1e-4)


def test_further_passes_begin_with_the_last_context(donor: MeanScaleNet) -> None:
    two = fresh(replace(donor.config, passes=2))
    two.load_state_dict(transplant(donor.state_dict(), two.state_dict()))
    four = fresh(donor.config, seed=4)
    four.load_state_dict(transplant(two.state_dict(), four.state_dict(), repeated="contexts"))
    for context in four.contexts:
        for name, value in donor.contexts[0].state_dict().items():
            assert torch.equal(context.state_dict()[name], value), name


def test_run_starts_from_a_network_of_other_sizes(tiny: Plan, folder: Path, checkpoint: Path, tmp_path: Path) -> None:
    larger = replace(tiny, model=replace(tiny.model, narrow_depth=2))
    path = train(
        larger, folder, run=tmp_path, threads=1, start=checkpoint, report=lambda line: None, minutes=1e-7, max_steps=1
    )
    state, old = load_checkpoint(path), load_checkpoint(checkpoint)
    name = "analysis.narrow.blocks.0.expand.weight"
    assert torch.equal(state.average[name], old.average[name])
    assert "analysis.narrow.blocks.1.expand.weight" in state.average
