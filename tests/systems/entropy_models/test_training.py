"""What entropy models learn from, and what of them stands still."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from latentpress.codecs.planes import to_planes
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.models.shelf import named_model
from latentpress.parts.rate_table import mix_for_rates
from latentpress.systems.entropy_models.codec import quantised
from latentpress.systems.entropy_models.samples import Latents, Maker
from latentpress.systems.entropy_models.training import EntropyTraining
from latentpress.training.plan import Plan, read_recipe

TINY = Path(__file__).parents[1] / "tiny" / "entropy-models.toml"


def _recipe(kind: str, **schedule: Any) -> Plan:
    recipe = read_recipe(TINY)
    recipe["model"]["kind"] = kind
    recipe["schedule"] |= schedule
    return Plan.from_dict(recipe)


def test_frozen_parts_do_not_learn() -> None:
    training = EntropyTraining(_recipe("masked-2d", frozen="hyper_analysis"))
    net = training.network(None)
    training.players(net)
    still = {name for name, parameter in net.named_parameters() if not parameter.requires_grad}
    assert still == {name for name, _ in net.named_parameters() if name.startswith("hyper_analysis.")}
    other = EntropyTraining(_recipe("factorised", frozen="hyper_analysis"))
    with pytest.raises(InvalidInputError, match="nothing of factorised begins with"):
        other.players(other.network(None))


def test_a_dead_zone_is_of_mixtures_alone() -> None:
    recipe = read_recipe(TINY)
    recipe["model"]["dead_zone"] = 1
    with pytest.raises(InvalidInputError, match="dead_zone is of mixtures, and mean-scale has none"):
        EntropyTraining(Plan.from_dict(recipe))


@pytest.mark.parametrize(("name", "exact"), [("factorised-1", True), ("hyperprior-3", False)])
def test_latents_are_those_of_their_rate(name: str, exact: bool, photograph: Image) -> None:
    """Where a rate only scales latents, each crop is seen at all rates; otherwise at its own."""
    try:
        package = named_model(name)
    except UnsupportedError:
        pytest.skip(f"the package {name} is not installed")
    maker = Maker(package, 3, 32)
    pixels = np.tile(photograph.pixels[:64, :64], (6, 6, 1))
    crops = maker.crops([pixels], 6, 384, 0, print)
    assert (crops.log_gains is not None) == exact
    assert crops.rates.tolist() == ([0] * 6 if exact else [0, 5, 11, 16, 22, 27])
    numbers, rates = crops.choose(6, 32, np.random.default_rng(0))
    assert sorted(np.unique(rates // 11)) == [0, 1, 2]
    assert exact or np.array_equal(rates, crops.rates[numbers])

    pictures = maker.of([photograph.pixels[:64, :64], pixels])
    assert len(pictures.at(16)) == len(pictures.at(32)) == 2
    mix = mix_for_rates(torch.tensor([16]), 3)
    found = pictures.whole(torch.from_numpy(pictures.at(16)[0].astype(np.float32))[None], mix)[0].numpy()
    latents = maker._transforms.analysis(to_planes(photograph.pixels[:64, :64], 16), mix.numpy())
    assert (found != quantised(latents, ROUNDING_WEIGHT)).mean() < 0.01


def test_deviations() -> None:
    values = [np.full((2, 4, 4), value, np.float16) for value in (1, 3, 2, 4)]
    apart = Latents(values, np.array([0, 2, 14, 16]))
    assert torch.allclose(apart.deviations(2), torch.tensor([[5.0, 5], [10, 10]]).sqrt())
    louder = Latents(values, np.zeros(4, np.int64), np.log(np.array([[1, 1], [2.0, 4]])))
    assert torch.allclose(louder.deviations(2), torch.tensor([[1.0, 1], [2, 4]]) * 7.5**0.5)
