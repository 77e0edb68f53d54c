"""Every integer network that is shipped computes exactly: no partial sum leaves the whole numbers that float32 holds,
whatever goes in, as its own graph shows; and the card says so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

from latentpress.catalogue import systems
from latentpress.codecs.closed_loop import SEEN
from latentpress.codecs.lossless.features import CLIP
from latentpress.codecs.mean_scale.layout import HYPER_LIMIT, MEAN_BITS, RESIDUAL_LIMIT
from latentpress.codecs.rates import mix_of
from latentpress.models import ModelPackage, installed_models
from latentpress.systems.bai.layout import LIMIT as BLOCK_LIMIT
from latentpress.systems.entropy_models.layout import COMPANDED as SIXTEENTHS
from latentpress.systems.entropy_models.layout import LIMIT as LATENT_LIMIT
from latentpress.systems.importance_map import layout
from latentpress.systems.l3c.layout import LEARNED, LEVELS

sys.path.insert(0, str(Path(__file__).parent))
from intervals import LIMIT, Range, largest_sums, traced

COMPANDED_LIMIT = SIXTEENTHS.max() / 16
COMPANDED = Range.of(-COMPANDED_LIMIT, COMPANDED_LIMIT, 1 / 16)
FEATURES = Range.of(0, 255 / 32, 1 / 32)
FORM = Range(
    low=np.repeat([0.0, -LEVELS], [3, LEARNED]),
    high=np.repeat([255.0, LEVELS], [3, LEARNED]),
    unit=np.ones(3 + LEARNED),
    sums=np.repeat([255.0, LEVELS], [3, LEARNED]),
)
INPUTS = {
    "hyper": Range.of(-HYPER_LIMIT, HYPER_LIMIT, 1),
    "features": FEATURES,
    "values": Range.of(-2 * RESIDUAL_LIMIT, 2 * RESIDUAL_LIMIT, 2.0**-MEAN_BITS),  # a residual and its mean
    "levels": Range.of(0, layout.LEVEL_LIMIT / layout.LEVEL_UNIT, 1 / layout.LEVEL_UNIT),
    "hints": FEATURES,
    "around": Range.of(-SEEN / 32, SEEN / 32, 1 / 32),
    "band": Range.of(0, 1, 1),
    "signed": Range.of(-layout.SIGNED_LIMIT, layout.SIGNED_LIMIT, 2.0**-layout.SIGNED_BITS),
    "x": Range.of(-CLIP, CLIP, 1),
    "token": COMPANDED,
    "form_0": FORM,
    "form_1": FORM,
    "form_2": Range.of(0, 255, 1),  # the coarsest has no learned channels
    "coarser_0": Range.of(-255, 255, 1),
    "coarser_1": Range.of(-255, 255, 1),
    "coarse": Range.of(-BLOCK_LIMIT, BLOCK_LIMIT, 1),
}
PACKAGES = [
    package
    for one in systems()
    for package in installed_models(one.packages or one.id)
    if "exactness" in package.card and package.codec == one.id
]
NOT_FOLLOWED = {
    "entropy-contextformer-spatial-3": "segment_",
    "entropy-contextformer-channel-1": "segment_",
    "rc-1": "residual",
    "bai-1": "residual",
}
"""Attention multiplies activations with each other and reshapes them by the size of the picture, which networks that
sort the pixels of squares into channels do too: of these graphs the proof is that of the trained layers alone, which
the card has (`training/exactness.py`).
"""


def exact_networks(package: ModelPackage) -> list[str]:
    """The networks that a decoder needs to read symbols."""
    names = [name.removesuffix(".onnx") for name in package.files if name.endswith(".onnx")]
    floats = {"analysis", "synthesis", "hyper_analysis", "importance", "estimate", "encoder", "decoder"}
    floats |= {"luma", "chroma"}  # of a filter bank
    return [name for name in names if name not in floats]


def widened(parts: Sequence[Range], width: int) -> Range:
    """The parts one after the other, each channel of them as often as ``width`` channels in all take."""
    joined = [np.concatenate([getattr(part, field) for part in parts]) for field in ("low", "high", "unit", "sums")]
    return Range(*(np.repeat(field, width // field.size) for field in joined))


def width_of(package: ModelPackage, network: str, name: str) -> int:
    import onnx

    graph = onnx.load_from_string(package.network(network)).graph
    value = next(value for value in graph.input if value.name == name)
    return int(value.type.tensor_type.shape.dim[1].dim_value)


def cube_bounds(package: ModelPackage, steps: float) -> dict[str, dict[str, int]]:
    """Bounds of the graphs of `systems/entropy_models/walks/cube.py`, each fed by those before it."""
    found = {}
    found["base"], base = traced(package.network("base"), {"mix": Range.of(0, steps, 1)})
    bias = Range.of(base["bias"].low.min(), base["bias"].high.max(), base["bias"].unit.min())
    near = [COMPANDED, Range.of(0, COMPANDED_LIMIT, 1 / 16)]  # and its magnitude
    skip = None
    for number in range(4):
        network = f"layer_{number}"
        given = {"near": widened(near, width_of(package, network, "near")), "bias": bias}
        found[network], out = traced(package.network(network), given if skip is None else given | {"skip": skip})
        if number < 3:
            near = [out["features"]]
            skip = out["features"] if skip is None else skip
    return found


def context_bounds(package: ModelPackage, steps: float) -> dict[str, dict[str, int]]:
    """Bounds of the graphs of `systems/entropy_models/walks/raster.py`."""
    inputs, found = INPUTS | {"mix": Range.of(0, steps, 1)}, {}
    found["hyper_synthesis"], out = traced(package.network("hyper_synthesis"), inputs)
    around = widened([COMPANDED, Range.of(-LATENT_LIMIT, LATENT_LIMIT, 1)], width_of(package, "context", "around"))
    given = {"features": out["features"], "around": around}
    found["context"] = largest_sums(package.network("context"), given)
    return found


FOLLOWED = {
    **dict.fromkeys(("ccn", "masked-3d"), cube_bounds),
    **dict.fromkeys(("masked-2d", "klopp", "fu"), context_bounds),
}


def bounds_of(package: ModelPackage, network: str) -> dict[str, int]:
    config = package.config
    steps = mix_of(0, config["anchors"], config["steps_per_anchor"]).sum() if "anchors" in config else 1
    return largest_sums(package.network(network), INPUTS | {"mix": Range.of(0, float(steps), 1)})


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_no_sum_of_a_shipped_network_can_leave_the_exact_range(package: ModelPackage) -> None:
    told = package.card["exactness"]
    assert told["limit"] == LIMIT
    assert 0 < max(told["largest_partial_sums"].values()) < LIMIT
    networks = exact_networks(package)
    assert networks
    if follow := FOLLOWED.get(package.config.get("kind", "")):
        config = package.config
        found = follow(package, float(mix_of(0, config["anchors"], config["steps_per_anchor"]).sum()))
    else:
        left_out = NOT_FOLLOWED.get(package.name, "-")
        found = {network: bounds_of(package, network) for network in networks if not network.startswith(left_out)}
    assert found.keys() == {one for one in networks if not one.startswith(NOT_FOLLOWED.get(package.name, "-"))}
    for network, bounds in found.items():
        assert bounds
        assert max(bounds.values()) < LIMIT, (network, bounds)


def test_the_card_says_what_the_graph_shows() -> None:
    """Two proofs, one of the trained layers and one of the stored graph: the second knows a little more of the inputs,
    and so comes to the same numbers or to smaller ones.
    """
    package = next(package for package in PACKAGES if package.name == "hyperprior-3")
    told = package.card["exactness"]["largest_partial_sums"]
    found = bounds_of(package, "hyper_synthesis")
    for layer in ("enter", "up1", "spatial1", "up2", "spatial2", "trunk", "mean", "scale"):
        # the offset for rounding is counted with the sum: the graph adds it in a node of its own
        assert found[f"/{layer}/Add"] <= told[f"hyper_synthesis.{layer}"], layer
    for layer in ("enter", "up1"):
        assert found[f"/{layer}/Add"] == told[f"hyper_synthesis.{layer}"], layer


def test_a_network_that_is_not_exact_is_found() -> None:
    import onnx
    from onnx import numpy_helper

    package = next(package for package in PACKAGES if package.name == "hyperprior-3")
    model = onnx.load_from_string(package.network("hyper_synthesis"))
    scale = next(one for one in model.graph.initializer if one.name == "up1.weight.scale")
    scale.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(scale) * 3.3, scale.name))
    bounds = largest_sums(model.SerializeToString(), INPUTS | {"mix": Range.of(0, 16, 1)})
    assert bounds["/up1/Add"] >= LIMIT
