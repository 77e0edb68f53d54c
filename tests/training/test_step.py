"""Steps: what they compute does not depend on how they run, and what cannot be had is said in a line."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from latentpress.errors import InvalidInputError
from latentpress.parts.integer import set_integer
from latentpress.systems.hyperprior.training import HyperpriorTraining
from latentpress.training import latent, system
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.data import load_pictures, sample_crops, step_generator
from latentpress.training.latent import log_loss
from latentpress.training.mean_scale.objective import code
from latentpress.training.plan import Plan
from latentpress.training.run import train
from latentpress.training.runner import Runner
from latentpress.training.sources import DeviceCrops
from latentpress.training.step import GraphStep, make_step
from latentpress.training.system import psnr_of


def quiet(_: str) -> None:
    return


@pytest.mark.parametrize("step", [0, 8])
def test_a_step_is_a_function_of_seed_and_step(tiny: Plan, folder: Path, step: int) -> None:
    """The loss of a training equals one whose crops, rates and noise are drawn here, in the documented order."""
    training, pictures = HyperpriorTraining(tiny), load_pictures(folder, 64)
    torch.manual_seed(0)
    net = training.network(pictures)
    hard = training.enter(net, step)
    assert hard == (step >= 6)
    loss, figures = training.loss(net, *training.draw(pictures, step_generator(0, step)))

    rng = step_generator(0, step)
    x = torch.from_numpy(sample_crops(pictures, 2, 64, rng)).float()
    rates = torch.from_numpy(latent._stratified(2, tiny.model.last_rate, rng))
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    noise = torch.rand(2, 4, 1, 1, generator=generator), torch.rand(2, 24, 4, 4, generator=generator)
    set_integer(net, hard)
    outcome = code(net, x, rates, hard=hard, noise=noise)
    wanted = log_loss(outcome, x, tiny.model.lambdas(rates))
    assert torch.equal(loss, wanted)
    hyper = outcome.hyper_bits.mean().item() / 64**2
    assert figures.tolist() == pytest.approx(
        [outcome.bpp().mean().item(), psnr_of(outcome.mse(x).mean()).item(), hyper]
    )


def test_training_on_pictures_in_device_memory(
    tiny: Plan, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, with the CPU's memory for the device's; cut and resumed to the same weights."""
    monkeypatch.setattr(system, "crop_source", DeviceCrops)
    whole = load_checkpoint(train(tiny, folder, run=tmp_path / "whole", threads=1, report=quiet))
    for cut in (4, 12):
        path = train(tiny, folder, run=tmp_path / "cut", threads=1, resume=True, report=quiet, max_steps=cut)
    resumed = load_checkpoint(path)
    assert resumed.step == 12
    assert all(torch.equal(value, resumed.weights[name]) for name, value in whole.weights.items())


def test_what_cannot_be_compiled_runs_as_it_is(
    tiny: Plan, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(loss: object, **_: object) -> object:
        def fail(*_: object) -> None:
            raise RuntimeError("no compiler here\nand a long story")

        return fail

    lines: list[str] = []
    plain = load_checkpoint(train(tiny, folder, run=tmp_path / "a", threads=1, report=quiet))
    monkeypatch.setattr(torch, "compile", broken)
    other = load_checkpoint(
        train(tiny, folder, run=tmp_path / "b", threads=1, report=lines.append, accelerate="compile")
    )
    assert [line for line in lines if "compile" in line] == [
        "steps cannot be compiled and run as they are: no compiler here"
    ]
    assert all(torch.equal(value, other.weights[name]) for name, value in plain.weights.items())


def test_traced_steps_learn_the_same(tiny: Plan, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss can be traced by the compiler in both phases without a break; no machine code is made of it here."""
    compile_ = torch.compile
    monkeypatch.setattr(
        torch, "compile", lambda loss, **settings: compile_(loss, backend="eager", fullgraph=True, **settings)
    )
    short = replace(tiny, schedule=replace(tiny.schedule, steps=4))
    plain = load_checkpoint(train(short, folder, run=tmp_path / "a", threads=1, report=quiet))
    lines: list[str] = []
    other = load_checkpoint(
        train(short, folder, run=tmp_path / "b", threads=1, report=lines.append, accelerate="compile")
    )
    assert not [line for line in lines if "cannot" in line]
    assert all(torch.allclose(value, other.weights[name], atol=1e-5) for name, value in plain.weights.items())


def test_graphs_need_a_gpu_and_recordable_steps(tiny: Plan, folder: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    train(tiny, folder, run=tmp_path, threads=1, report=lines.append, accelerate="graph", max_steps=1)
    assert "CUDA graphs need a CUDA device" in lines[1]
    net = torch.nn.Linear(1, 1)
    settings = {"clip": 1.0, "device": "cpu", "say": lines.append}
    optimiser = torch.optim.Adam(net.parameters())
    step = make_step(
        "compile",
        lambda rng: (net(torch.ones(1)).sum(), ()),
        list(net.parameters()),
        [optimiser],
        recordable=False,
        **settings,
    )
    assert "no acceleration by compile" in lines[-1]
    step((np.random.default_rng(0),), None)
    with pytest.raises(InvalidInputError, match="none, graph, compile"):
        make_step("magic", lambda: None, list(net.parameters()), [optimiser], recordable=True, **settings)


class FakeGraph:
    """A CUDA graph for the CPU: recording leaves no trace, replaying does the step again."""

    def __init__(self) -> None:
        self.replays = 0
        self.step: GraphStep | None = None

    def replay(self) -> None:
        self.replays += 1
        assert self.step is not None
        self.step._figures = self.step._advance(self.step._inputs)


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[FakeGraph]:
    """The graphs made so far, on a machine whose CPU is taken for a GPU."""
    made: list[FakeGraph] = []

    def new() -> FakeGraph:
        made.append(FakeGraph())
        return made[-1]

    class Stream:
        def __init__(self, device: str) -> None: ...
        def wait_stream(self, other: Stream) -> None: ...

    monkeypatch.setattr(torch.cuda, "CUDAGraph", new)
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "current_stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: self)
    return made


def runners(tiny: Plan, folder: Path) -> tuple[Runner, Runner, GraphStep, list[str]]:
    """A run with plain steps, and one with recorded steps."""
    pictures, said, made = load_pictures(folder, 64), [], []
    for _ in range(2):
        training = HyperpriorTraining(tiny)
        torch.manual_seed(0)
        made.append(Runner(training, training.network(pictures), pictures))
        made[-1].accelerate("none", said.append)
    (player,) = made[1].players
    settings = {"clip": tiny.schedule.clip, "device": "cpu", "compiled": False, "say": said.append}
    player._step = step = GraphStep(player._loss, player._parameters, player._optimisers, **settings)
    return *made, step, said


def test_recorded_steps_are_the_same_steps(
    tiny: Plan, folder: Path, graphs: list[FakeGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inputs, figures and phases through a stand-in for the graph; what a GPU does with one is not tested here."""
    plain, recorded, step, said = runners(tiny, folder)

    @contextlib.contextmanager
    def record(graph: FakeGraph) -> Iterator[None]:
        (optimiser,) = recorded.players[0]._optimisers
        weights, moments = copy.deepcopy((recorded.net.state_dict(), optimiser.state_dict()))
        graph.step = step
        yield
        recorded.net.load_state_dict(weights)
        optimiser.load_state_dict(moments)

    monkeypatch.setattr(torch.cuda, "graph", record)
    for _ in range(12):
        plain.advance()
        recorded.advance()
        assert plain.players[0].means() == recorded.players[0].means()
    assert [graph.replays for graph in graphs] == [3, 3]  # six steps in each phase, three of them to warm up
    assert all(torch.equal(a, b) for a, b in zip(plain.net.parameters(), recorded.net.parameters(), strict=True))
    assert said == []


def test_steps_that_cannot_be_recorded_stay_plain(
    tiny: Plan, folder: Path, graphs: list[FakeGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, recorded, _, said = runners(tiny, folder)

    @contextlib.contextmanager
    def fail(graph: FakeGraph) -> Iterator[None]:
        raise RuntimeError("operation not permitted when stream is capturing\nand so on")
        yield

    monkeypatch.setattr(torch.cuda, "graph", fail)
    for _ in range(8):
        plain.advance()
        recorded.advance()
    assert len(graphs) == 1
    assert said == [
        "steps cannot be recorded as a CUDA graph and run plainly: operation not permitted when stream is capturing"
    ]
    assert all(torch.equal(a, b) for a, b in zip(plain.net.parameters(), recorded.net.parameters(), strict=True))
