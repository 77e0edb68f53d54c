"""The networks and samples of `painter`."""

from __future__ import annotations

from dataclasses import replace

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
from latentpress.systems.painter.net import Blend
from latentpress.systems.painter.samples import paint
from latentpress.systems.painter.training import PainterTraining
from latentpress.training.graphs import export_graph
from latentpress.training.plan import load_plan
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
