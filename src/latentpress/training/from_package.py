"""A run that begins with the weights of a model package, for whoever has no checkpoint of it.

The stored graphs have weights under the names that they have in training, and those of point-wise layers that run as
strided ones beside the name of their bias; `Gdn` alone has its own folded into constants. What only training knows,
such as the distributions that stand for probability tables, begins as in a new run.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import nn

from latentpress.errors import InvalidInputError
from latentpress.models import ModelPackage
from latentpress.parts.gdn import Gdn
from latentpress.parts.rate_table import IntegerRateTable
from latentpress.training.checkpoint import Checkpoint, network_state
from latentpress.training.export import rounded, stored_graphs
from latentpress.training.plan import Plan, training_of
from latentpress.training.system import Graph, Training

__all__ = ["package_state", "stored_weights"]

Weights = dict[str, NDArray[Any]]

_UNPACKING: dict[str, Callable[..., NDArray[Any]]] = {
    "Gather": lambda levels, index: levels[index],
    "Mul": np.multiply,
    "Identity": lambda equal: equal,  # two weights that are alike are stored once
}


def package_state(package: ModelPackage, training: Training, net: nn.Module) -> Checkpoint:
    """What a checkpoint of the package's run would hold of the network. ``net``, as a new run begins with it, gets the
    weights in place.

    Of a package of another network than the recipe's it holds what `Training.adopt` makes of it, and ``net`` is left
    alone. Raises InvalidInputError where that is nothing, and for a package whose weights training cannot take back.
    """
    facts, plan = package.card.get("training", {}), training.plan
    if "recipe" not in facts:
        raise InvalidInputError(f"no run can begin with {package.name}: its card has no recipe")
    recipe = Plan.from_dict(facts["recipe"])
    if (recipe.codec, recipe.model) != (plan.codec, plan.model):
        other = training_of(recipe.codec)(recipe, training.device)
        found = package_state(package, other, other.network(None))
        return replace(found, average=training.adopt(found, net))
    with torch.no_grad():
        for name, graph in training.graphs(net).items():
            if isinstance(graph, Graph):
                _load(graph, stored_weights(package.network(name)))
        training.recover(net, package)
    _check(package, training, net)
    state = {name: value.clone() for name, value in network_state(net).items()}
    history = {**facts.get("history", {}), "began_with": package.name}
    return Checkpoint(recipe, int(facts.get("steps", 0)), state, dict(state), {}, history)


def stored_weights(graph: bytes) -> Weights:
    """Weights of a stored graph by name, unpacked, in the order in which they are used."""
    content = onnx.load_from_string(graph).graph
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in content.initializer}
    used: Weights = {}
    for node in content.node:
        inputs = [known.get(name) for name in node.input]
        if inputs and all(one is not None for one in inputs) and node.op_type in (*_UNPACKING, "Cast"):
            if node.op_type == "Cast":
                made = inputs[0].astype(helper.tensor_dtype_to_np_dtype(node.attribute[0].i))  # type: ignore[union-attr]
            else:
                made = _UNPACKING[node.op_type](*inputs)
            known[node.output[0]] = made
        else:
            names = list(node.input)
            if node.op_type == "Conv" and len(names) == 3 and names[2].endswith(".bias"):
                names[1] = names[2].removesuffix("bias") + "weight"
            used |= {ours: known[name] for ours, name in zip(names, node.input, strict=True) if name in known}
    return used


def _load(graph: Graph, weights: Weights) -> None:
    """Give a network the weights of its stored graph that have names, and each `Gdn` two of those that have none."""
    own = graph.module.state_dict(keep_vars=True)
    folded = [array for name, array in weights.items() if name not in own]
    whole = {
        f"{path}.table".lstrip("."): 2.0**-one.bits
        for path, one in graph.module.named_modules()
        if isinstance(one, IntegerRateTable)
    }
    for name in own.keys() & weights.keys():
        if own[name].numel() == weights[name].size:
            values = torch.from_numpy(weights[name].astype(np.float32)).reshape(own[name].shape)
            own[name].copy_(values * whole.get(name, 1.0))
    norms = [one for one in graph.module.modules() if isinstance(one, Gdn)]
    if norms and len(folded) == 2 * len(norms):
        turns: list[Gdn] = []
        hooks = [one.register_forward_hook(lambda module, *_: turns.append(module)) for one in norms]
        graph.module(*graph.inputs.values())
        for hook in hooks:
            hook.remove()
        for norm, gamma, beta in zip(turns, folded[::2], folded[1::2], strict=True):
            norm.take(*(torch.from_numpy(array.copy()) for array in (gamma, beta)))


def _check(package: ModelPackage, training: Training, net: nn.Module) -> None:
    """Refuse a network that would not be exported with the package's weights."""
    again = copy.deepcopy(net)
    rounded(again)
    for key, graph in stored_graphs(training, again).items():
        theirs, ours = (stored_weights(one) for one in (package.network(key), graph))
        for (name, wanted), found in zip(theirs.items(), ours.values(), strict=False):
            if len(theirs) != len(ours) or wanted.shape != found.shape or not np.allclose(wanted, found, 2e-3, 1e-6):
                raise InvalidInputError(
                    f"no run can begin with {package.name}: training cannot take back the weight {name} of its {key}"
                )
