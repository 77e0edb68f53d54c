"""Training behind codecs: what spiht shows without a file, pictures under water, and a network that grows deeper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from latentpress.codecs import get_codec
from latentpress.image import Image
from latentpress.models import ModelPackage
from latentpress.systems.comcnn.behind import through_jpeg, through_spiht
from latentpress.systems.comcnn.codec import ComCnnCodec
from latentpress.systems.comcnn.training import ComCnnTraining
from latentpress.training.checkpoint import Checkpoint, network_state
from latentpress.training.export import export
from latentpress.training.plan import Plan, load_plan
from latentpress.training.run import train

TINY = Path(__file__).parents[1] / "tiny/comcnn.toml"


def plan_with(layers: int = 1, **objective: object) -> Plan:
    plan = load_plan(TINY)
    return replace(
        plan,
        model=replace(plan.model, layers=layers),
        more={"objective": replace(plan.objective, **objective)},
    )


def test_spiht_shows_the_same_as_its_files(photograph: Image) -> None:
    crops = np.stack([photograph.pixels[:64, :64], photograph.pixels[32:96, 64:128]]).astype(np.uint8)
    small = torch.from_numpy(crops.transpose(0, 3, 1, 2).copy()).float()
    codec = get_codec("spiht", threads=1)
    for quality in (1, 10, 20, 25, 30, 37, 50, 66, 80, 100):
        both = through_spiht(small, [quality, 30]).numpy().transpose(0, 2, 3, 1)
        for crop, shown, one in zip(crops, both, (quality, 30), strict=True):
            error = np.abs(codec.decode(codec.encode(Image(crop), one)).pixels.astype(float) - shown)
            assert error.max() <= 1, quality
            assert (error > 0).mean() < 1e-3  # halves, which floats round to either side


@pytest.mark.parametrize("through", [through_jpeg, through_spiht])
def test_higher_qualities_are_nearer(through: object, photograph: Image) -> None:
    small = torch.from_numpy(photograph.pixels[None, :64, :64].transpose(0, 3, 1, 2).astype(np.float32))
    errors = [(through(small, [quality]) - small).square().mean().item() for quality in (5, 40, 90)]  # type: ignore[operator]
    assert errors[0] > errors[1] > errors[2]


def test_crops_and_held_out_pictures_go_under_water(photos: Path) -> None:
    dry, wet = (ComCnnTraining(plan_with(underwater=one)) for one in (False, True))
    samples = dry.samples(photos, photos, print)
    pairs = [
        [one.held_out(photos, samples, print)[0], one._seen(one.draw(samples, np.random.default_rng(3))[0]).numpy()]
        for one in (dry, wet)
    ]
    for above, below in zip(*pairs, strict=True):
        assert above.shape == below.shape
        assert np.mean(below) != np.mean(above)
    assert pairs[1][1].shape[1] == 3
    again = wet.draw(samples, np.random.default_rng(3))[0]
    assert (wet._seen(again).numpy() == pairs[1][1]).all()


def test_a_deeper_network_begins_near_the_shallow_one() -> None:
    shallow, deep = (ComCnnTraining(plan_with(layers)) for layers in (2, 6))
    torch.manual_seed(0)
    first, then = shallow.network(None), deep.network(None)
    torch.nn.init.normal_(first.synthesis.head.weight, std=0.05)
    state = network_state(first)
    x, fresh = torch.rand(1, 4, 16, 16) * 200, then.synthesis(torch.zeros(1, 4, 16, 16))
    then.load_state_dict(deep.adopt(Checkpoint(shallow.plan, 1, state, state, {}, {}), then))
    assert fresh.shape == then.synthesis(x).shape
    change = (first.synthesis(x) - first.synthesis.filter((x[:, :3] - 128) / 64) * 64 - 128).std()
    assert (then.synthesis(x) - first.synthesis(x)).std() < 0.5 * change


def test_packages_of_many_layers_say_how_far_they_look(photos: Path, tmp_path: Path) -> None:
    plan = plan_with(14, inner="spiht", underwater=True)
    checkpoint = train(plan, photos, run=tmp_path / "run", threads=1, report=lambda _: None)
    folder = export(checkpoint, tmp_path / "deep", name="deep", data=photos)
    package = ModelPackage(folder)
    assert package.card["config"] == {"margin": 16, "inner": "spiht"}
    codec = ComCnnCodec(model=str(folder), threads=1)
    assert codec.model.margin == 16
    picture = Image(np.full((70, 50, 3), 90, np.uint8))
    data = codec.encode(picture, 50)
    assert codec.decode(data).pixels.shape == (70, 50, 3)
    assert data == ComCnnCodec(inner="spiht", model=str(folder), threads=1).encode(picture, 50)
    assert data != ComCnnCodec(inner="jpeg", model=str(folder), threads=1).encode(picture, 50)
