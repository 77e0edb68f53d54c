"""Entropy networks that pass octets on, and get each latent's magnitude as one; the integers are those of the package's
own graphs.

A context looks at magnitudes of latents in rough steps, an octet each (`LEVELS`). They are looked up for the latents of
a pass once these are known, and not computed for all latents before each pass. Features, what hyper latents say of a
place, are octets as well. Both have their channels last, as 8-bit layers take them (engine/octets.py).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.mean_scale.layout import CONTEXT_LIMIT, MEAN_BITS
from latentpress.codecs.mean_scale.places import computed
from latentpress.engine.graph import Graph, Node, Value
from latentpress.engine.layers import layers_of
from latentpress.engine.octets import FIRST, LAST

__all__ = ["LEVELS", "OCTETS", "give_features", "take_octets"]

OCTETS, LEVELS = "octets", "levels"
"""Output of the hyper synthesis and input of contexts: features; input of contexts: magnitudes. Both (1, h, w,
channels).
"""

_FLOAT, _OCTET = 1, 2  # types of tensors
_FAR = 2**20  # units of values


def give_features(graph: Graph) -> float | None:
    """Have a hyper synthesis give features as octets; gives their unit, or None if that cannot be."""
    found = [layer for layer in layers_of(graph).values() if layer.output == "features"]
    if not found or found[0].low < 0 or found[0].high > 255:
        return None
    unit = found[0].unit
    graph.constants["units"] = np.array(1 / unit, np.float32)
    graph.nodes += [
        Node("Mul", ["features", "units"], ["whole"]),
        Node("Transpose", ["whole"], ["turned"]).with_ints(perm=LAST),
        Node("Cast", ["turned"], [OCTETS]).with_ints(to=_OCTET),
    ]
    graph.outputs = [value for value in graph.outputs if value.name != "features"]
    graph.outputs.append(Value(OCTETS, (1, "h", "w", "channels"), "|u1"))
    return unit


def take_octets(graph: Graph, unit: float) -> NDArray[np.uint8] | None:
    """Have a context take features, of this unit, and levels as octets. Gives the level of each value, in its own
    units, from -`CONTEXT_LIMIT` to `CONTEXT_LIMIT`; those beyond have that of the nearest. None if that cannot be.
    """
    sizes = {value.name: value.shape for value in graph.inputs}
    made = {name: node for node in graph.nodes for name in node.outputs}
    joined = next((node for node in graph.nodes if node.kind == "Concat" and node.inputs[0] == "features"), None)
    layers = {layer.output: name for name, layer in layers_of(graph).items()}
    if joined is None or not {"features", "values"} <= sizes.keys() or joined.inputs[-1] not in layers:
        return None
    name = made[layers[joined.inputs[-1]]].inputs[0]
    ends = np.array([-_FAR, -CONTEXT_LIMIT, CONTEXT_LIMIT, _FAR])
    values = np.concatenate([np.arange(-CONTEXT_LIMIT, CONTEXT_LIMIT + 1), ends])
    known = {"values": (values / 2**MEAN_BITS).astype(np.float32)}
    found = computed(graph, made, name, known)
    step = None if found is None else next((2.0**-n for n in range(24) if not (found % 2.0**-n).any()), None)
    if found is None or step is None or found.min() < 0 or found.max() > 255 * step:
        return None
    if found[-4] != found[-3] or found[-2] != found[-1]:
        return None
    graph.inputs = [value for value in graph.inputs if value.name != "features"]
    for given, tensor, size, of in (
        (OCTETS, "features", sizes["features"][1], unit),
        (LEVELS, name, sizes["values"][1], step),
    ):
        graph.inputs.append(Value(given, (1, "h", "w", size), "|u1"))
        graph.constants[f"unit of {given}"] = np.array(of, np.float32)
        graph.nodes = [node for node in graph.nodes if tensor not in node.outputs]
        graph.nodes[:0] = [
            Node("Cast", [given], [f"{given} in floats"]).with_ints(to=_FLOAT),
            Node("Transpose", [f"{given} in floats"], [f"{given} turned"]).with_ints(perm=FIRST),
            Node("Mul", [f"{given} turned", f"unit of {given}"], [tensor]),
        ]
    graph.prune()
    return np.asarray(found[:-4] / step).astype(np.uint8)
