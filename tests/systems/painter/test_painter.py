"""The networks and samples of `painter`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from latentpress.codecs.mean_scale.model import MeanScaleModel
from latentpress.codecs.models import Running
from latentpress.engine import load
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.models import find_model
from latentpress.parts.block_transforms import Synthesis, TransformSizes, random_basis
from latentpress.systems.painter.lessons import Distillation, lesson
from latentpress.systems.painter.net import Blend
from latentpress.systems.painter.samples import paint
from latentpress.systems.painter.training import PainterTraining
from latentpress.training.graphs import export_graph
from latentpress.training.plan import load_plan
from latentpress.training.runner import Runner
from latentpress.training.system import Graph


def _synthesis(seed: int) -> Synthesis:
    torch.manual_seed(seed)
    sizes = TransformSizes(latents=12, narrow=8, wide=8, narrow_depth=1, wide_depth=1, anchors=2)
    net = Synthesis(sizes, random_basis(12, 0)).requires_grad_(False)
    for name, parameter in net.named_parameters():
        if name != "linear.weight":
            parameter.copy_(torch.randn_like(parameter).mul(0.1).half().float())
    return net


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_a_blend_goes_from_one_network_to_the_other(engine: str) -> None:
    first, second = _synthesis(1), _synthesis(2)
    values, mix, look = torch.randn(1, 12, 3, 4), torch.tensor([[5.0, 11.0]]), torch.ones(1)
    inputs = {"values": values, "mix": mix, "look": look}
    stored = export_graph(Graph(Blend(first, second), inputs, ("pixels",), ("mix", "look")))
    net = load(stored, engine)
    shown = [net(values=values.numpy(), mix=mix.numpy(), look=np.array([x], np.float32))["pixels"] for x in (0, 0.5, 1)]
    assert np.abs(shown[0] - first(values, mix).numpy()).max() < 0.01
    assert np.abs(shown[2] - second(values, mix).numpy()).max() < 0.2  # weights in float16
    assert np.abs(shown[1] - shown[0]).max() > 1


def test_samples_are_what_the_model_decodes(photograph: Image) -> None:
    model = MeanScaleModel.open(find_model("hyperprior"), Running(threads=1))
    one = paint(model, photograph.pixels[:64, :64], 40)
    shown = model.synthesis(one.values.astype(np.float32) / 16, 40)
    assert np.abs(shown.clip(0, 255) - one.true).max() <= 0.51
    assert one.error == pytest.approx(float(np.square(shown - one.picture).mean()))


def test_a_painter_of_the_models_size_begins_as_its_synthesis(photograph: Image) -> None:
    plan = load_plan("painter-sharp")
    training = PainterTraining(plan)
    net = training.network([])
    point = training._point(net, [paint(training.painted, photograph.pixels[:64, :64], 20)])
    assert abs(point.figures["below"]) < 0.01


def test_sizes_that_are_not_the_models_are_refused() -> None:
    plan = load_plan("painter")
    with pytest.raises(InvalidInputError, match="hyperprior-3 has 384 latents and 8 anchors, not 192 and 8"):
        _ = PainterTraining(replace(plan, model=replace(plan.model, latents=192))).painted
    with pytest.raises(InvalidInputError, match="go together"):
        PainterTraining(replace(plan, model=replace(plan.model, critic=8)))


def test_a_student_learns_in_each_step_and_its_teachers_and_the_critic_in_each_third(photograph: Image) -> None:
    plan = load_plan(Path(__file__).parents[1] / "tiny" / "painter.toml")
    plan = replace(plan, model=replace(plan.model, teacher_width=2, teacher_depth=2))
    training = PainterTraining(plan)
    samples = [paint(training.painted, photograph.pixels[:64, :64], rate) for rate in (20, 60)]
    net = training.network(samples)
    wide, deep = (teacher.synthesis for teacher in net.teachers)
    assert (wide.head.in_channels, len(deep.wide.blocks)) == (32, 2)
    runner = Runner(training, net, samples)
    runner.accelerate(None, print)
    parts = {"student": net.synthesis, "wide": wide, "deep": deep, "critic": net.critic.layers}
    parts |= {"adapters": net.teachers[1].adapters}
    learnt = []
    for _ in range(4):
        before = {
            name: torch.cat([one.detach().flatten() for one in part.parameters()]) for name, part in parts.items()
        }
        runner.advance()
        after = {name: torch.cat([one.detach().flatten() for one in part.parameters()]) for name, part in parts.items()}
        learnt.append({name for name in parts if not torch.equal(before[name], after[name])})
    assert learnt == [set(parts), {"student", "adapters"}, {"student", "adapters"}, set(parts)]
    figures = [figure for player in runner.players for figure in player.means()[1:]]
    assert len(figures) == len(training.figures)
    assert set(training.graphs(net)) == {"synthesis"}  # teachers stay at home


def test_a_wide_teacher_of_the_models_size_begins_as_its_synthesis(photograph: Image) -> None:
    training = PainterTraining(load_plan("painter-distilled"))
    own = paint(training.painted, photograph.pixels[:64, :64], 20)
    sample = training._sample([torch.from_numpy(one)[None] for one in (own.picture, own.true, own.values)]
                              + [torch.tensor([own.rate]), torch.tensor([own.error])])  # fmt: skip
    wide = training.network([]).teachers[0].synthesis
    assert (wide(sample.values, sample.mix).clamp(0, 255) - sample.true).abs().max() < 1.5


def test_a_lesson_is_learnt_when_nothing_differs_from_the_teacher() -> None:
    torch.manual_seed(0)
    maps = [torch.randn(2, 8, 4, 4), torch.randn(2, 6, 8, 8), 40 * torch.randn(2, 3, 64, 64) + 128]
    adapters = [torch.nn.Conv2d(8, 8, 1), torch.nn.Conv2d(6, 6, 1)]
    for one in adapters:
        torch.nn.init.dirac_(one.weight)
        torch.nn.init.zeros_(one.bias)
    aims, growth = Distillation(variation=0.0), torch.zeros(2)
    assert lesson(maps, maps, adapters, growth, aims).abs().max() < 1e-5
    for place in range(3):  # each of the three maps counts
        other = [one + (0.5 * one if number == place else 0) for number, one in enumerate(maps)]
        assert lesson(maps, other, adapters, growth, aims).min() > 1e-3
