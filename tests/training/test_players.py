"""Who learns in a run: several players, optimisers of matrices, schedules by the clock."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from latentpress.errors import InvalidInputError
from latentpress.systems.dbm_autoencoder.training import PatchTraining
from latentpress.training import runner as runner_module
from latentpress.training.checkpoint import Checkpoint, load_checkpoint
from latentpress.training.muon import Muon
from latentpress.training.plan import Plan, load_plan
from latentpress.training.run import train
from latentpress.training.runner import CHECKPOINT, LOG, Limits, Runner, learning_rate
from latentpress.training.schedule import Schedule
from latentpress.training.soap import Soap
from latentpress.training.system import Player

TINY = Path(__file__).parents[1] / "systems" / "tiny"


class TwoPlayers(PatchTraining):
    """The decoder learns in every step, the encoder against it in each third."""

    figures = (*PatchTraining.figures, "against")

    def players(self, net: Any) -> Sequence[Player]:
        def against(*drawn: Any) -> tuple[torch.Tensor, torch.Tensor]:
            total, _ = self.loss(net, *drawn)
            return -total, torch.stack([-total.detach()])

        decoder, encoder = list(net.decoder.parameters()), list(net.encoder.parameters())
        return [
            Player("decoder", {1.0: decoder}, lambda *drawn: self.loss(net, *drawn)),
            Player("encoder", {0.5: encoder}, against, every=3),
        ]


@pytest.fixture(scope="module")
def plan() -> Plan:
    plan = load_plan(TINY / "dbm-autoencoder.toml")
    none = replace(plan.more["pretraining"], rbm_steps=0, dbm_steps=0)
    return replace(plan, schedule=replace(plan.schedule, steps=300), more={"pretraining": none})


@pytest.fixture(scope="module")
def patches() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (300, 16)).astype(np.uint8)


def go(plan: Plan, patches: np.ndarray, folder: Path, step: int) -> Runner:
    """Begin a run, or go on with it, to a step."""
    folder.mkdir(exist_ok=True)
    training, state = TwoPlayers(plan), None
    if (folder / CHECKPOINT).is_file():
        state = load_checkpoint(folder / CHECKPOINT)
    torch.manual_seed(0)
    runner = Runner(training, training.network(patches), patches, state)
    runner.run(folder, None, Limits(step), lambda line: None)
    return runner


def test_players_take_turns_and_go_on_where_they_were(plan: Plan, patches: np.ndarray, tmp_path: Path) -> None:
    go(plan, patches, tmp_path / "whole", 200)
    for step in (4, 101, 200):
        go(plan, patches, tmp_path / "cut", step)
    whole, cut = (load_checkpoint(tmp_path / run / CHECKPOINT) for run in ("whole", "cut"))
    assert {name.split(".")[0]: count for name, count in whole.updates.items()} == {"decoder": 200, "encoder": 67}
    assert whole.updates == cut.updates
    for name, value in whole.weights.items():
        assert torch.equal(value, cut.weights[name]), name
        assert torch.equal(whole.average[name], cut.average[name]), name
    for name, moments in whole.moments.items():
        assert moments.keys() == cut.moments[name].keys()
        assert all(torch.equal(moment, cut.moments[name][kind]) for kind, moment in moments.items())
    with (tmp_path / "whole" / LOG).open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["100", "200"]
    assert float(rows[0]["against"]) < 0 < float(rows[0]["loss"])
    assert rows[0]["bits"] == ""


def test_a_player_moves_nothing_but_its_own(plan: Plan, patches: np.ndarray, tmp_path: Path) -> None:
    runner = go(plan, patches, tmp_path, 1)
    before = {name: value.clone() for name, value in runner.net.state_dict().items()}
    runner.advance()  # the encoder's turn is over
    changed = {
        name.split(".")[0] for name, value in runner.net.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed == {"decoder"}


@pytest.mark.parametrize("shape", [(6, 20), (20, 6), (8, 8)])
def test_muon_moves_in_all_directions_alike(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    parameters = [torch.nn.Parameter(torch.zeros(*shape, 1, 1)) for _ in range(2)]
    for parameter in parameters:
        steep = torch.diag(torch.logspace(0, -1, min(shape)))
        parameter.grad = (torch.randn(shape[0], min(shape)) @ steep @ torch.randn(min(shape), shape[1]))[
            ..., None, None
        ]
    Muon(parameters, 0.01).step()
    for parameter in parameters:
        sizes = torch.linalg.svdvals(parameter.detach()[:, :, 0, 0]) / (0.01 * 0.2 * math.sqrt(max(shape)))
        assert sizes.max() < 1.3
        assert sizes.min() > 0.3
        assert (parameter.detach() * parameter.grad).sum() < 0


def test_soap_sees_directions_that_are_no_axes() -> None:
    """A valley with 1 : 10,000 between its directions: Adam, which knows only axes, hardly moves along the flat."""
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(6, 6, generator=generator))[0] for _ in range(2))
    steep = torch.logspace(0, -4, 6)

    def way_left(optimiser: type[torch.optim.Optimizer]) -> float:
        place = torch.nn.Parameter(left @ right.T)
        climber = optimiser([place], lr=0.02)  # type: ignore[call-arg]
        for _ in range(80):
            climber.zero_grad()
            (steep * (left.T @ place @ right).diagonal().square()).sum().backward()
            climber.step()
        return float((left.T @ place.detach() @ right).diagonal()[-2:].abs().mean())

    assert way_left(Soap) < 0.2
    assert way_left(torch.optim.Adam) > 0.6


def test_a_long_side_keeps_its_axes() -> None:
    parameter = torch.nn.Parameter(torch.zeros(4, 1100))
    soap = Soap([parameter], 0.1)
    generator = torch.Generator().manual_seed(0)
    for _ in range(12):
        parameter.grad = 10 + torch.randn(4, 1100, generator=generator)
        soap.step()
    assert {"left", "left_basis"} < soap.state[parameter].keys()
    assert "right" not in soap.state[parameter]
    assert parameter.mean() < -0.1


@pytest.mark.parametrize(("optimiser", "kept"), [("muon", 1), ("soap", 6)])
def test_a_run_for_matrices_learns_and_resumes(
    tiny: Plan, folder: Path, tmp_path: Path, optimiser: str, kept: int
) -> None:
    plan = replace(tiny, schedule=replace(tiny.schedule, optimiser=optimiser))
    settings: dict[str, Any] = {"threads": 1, "report": lambda line: None}
    whole = load_checkpoint(train(plan, folder, run=tmp_path / "whole", **settings))
    for step in (5, 12):
        cut = load_checkpoint(train(plan, folder, run=tmp_path / "cut", resume=True, max_steps=step, **settings))
    assert all(torch.equal(value, cut.weights[name]) for name, value in whole.weights.items())
    held = {name: len(moments) for name, moments in whole.moments.items()}
    assert held["analysis.head.weight"] == held["synthesis.wide.blocks.0.expand.weight"] == kept
    assert held["analysis.linear.weight"] == held["contexts.0.trunk.weight"] == 2


def test_muon_needs_matrices(photos: Path, tmp_path: Path) -> None:
    plan = load_plan(TINY / "cas-cnn.toml")
    with pytest.raises(InvalidInputError, match="no matrices"):
        train(replace(plan, schedule=replace(plan.schedule, optimiser="muon")), photos, run=tmp_path)


def test_the_rate_goes_by_the_clock_where_that_is_further() -> None:
    schedule = Schedule(steps=100, warmup=0, decay_from=0.5, by_clock=True)
    assert learning_rate(schedule, 10, 75) == pytest.approx(learning_rate(schedule, 75))
    assert learning_rate(schedule, 80, 75) == pytest.approx(learning_rate(schedule, 80))


def test_a_run_by_the_clock_ends_decayed(
    plan: Plan, patches: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few of its steps it has come to; and a second half goes on where the first one was. On a clock that goes
    on by a hundredth of a second whenever it is looked at.
    """
    ticks = itertools.count()
    monkeypatch.setattr(runner_module, "time", SimpleNamespace(monotonic=lambda: next(ticks) / 100))
    schedule = replace(plan.schedule, steps=10**6, by_clock=True, decay_from=0.3)
    training, state, ends, rates = PatchTraining(replace(plan, schedule=schedule)), None, [], []
    for _ in range(2):
        torch.manual_seed(0)
        runner = Runner(training, training.network(patches), patches, state)
        runner.run(tmp_path, None, Limits(10**6, next(ticks) / 100 + 20), lambda line: None)
        state = load_checkpoint(tmp_path / CHECKPOINT)
        ends.append(state.step)
        with (tmp_path / LOG).open() as file:
            rates.append({int(row["step"]): float(row["learning_rate"]) for row in csv.DictReader(file)})
    assert 200 < ends[0] < ends[1] < 1000
    first, both = rates
    assert first[max(first)] < 0.3 * schedule.learning_rate
    assert 0.5 * schedule.learning_rate < both[max(first) + 100] < schedule.learning_rate
    assert both[max(both)] < 0.3 * schedule.learning_rate


def test_a_run_that_starts_from_another_has_the_clock_to_itself(
    plan: Plan, patches: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seconds of the runs before it are history: else a short run would begin decayed."""
    ticks = itertools.count()
    monkeypatch.setattr(runner_module, "time", SimpleNamespace(monotonic=lambda: next(ticks) / 100))
    schedule = replace(plan.schedule, steps=10**6, by_clock=True, decay_from=0.3)
    training = PatchTraining(replace(plan, schedule=schedule))
    net = training.network(patches)
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    state = Checkpoint(plan, 0, weights, weights, {}, {"seconds": 10_000.0})
    Runner(training, net, patches, state).run(tmp_path, None, Limits(10**6, next(ticks) / 100 + 20), lambda line: None)
    with (tmp_path / LOG).open() as file:
        first = next(csv.DictReader(file))
    assert float(first["learning_rate"]) > 0.9 * schedule.learning_rate
    assert load_checkpoint(tmp_path / CHECKPOINT).history["seconds"] > 10_000
