"""Low-rank approximation: a point-wise layer as two thinner ones, where that is less arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from latentpress.slimming.activity import energies
from latentpress.slimming.recording import Call
from latentpress.slimming.weights import StoredNetwork

__all__ = ["split_layers"]

_DAMPING = 1e-6


def split_layers(network: StoredNetwork, energy: float, calls: Sequence[Call], seed: int) -> dict[str, int]:
    """Split point-wise convolutions, in place, at the smallest rank that keeps the part ``energy`` of what each puts
    out, if two layers of that rank are less work than one. Returns the ranks by weight.

    The rank that is best for what the layer really sees comes from the singular values of its weight times a root of
    its inputs' mean products (Zhang et al. 2015, arXiv:1411.4229); without calls, of the weight.
    """
    ranks = {}
    names = [one for one in network.matrices() if network.values[one].shape[2:] == (1, 1)]
    seen: Mapping[str, NDArray[np.float64]] = energies(network, names, calls, seed) if calls else {}
    for name in names:
        users = network.uses(name)
        if len(users) != 1 or users[0].op_type != "Conv":
            continue
        weight = network.values[name][:, :, 0, 0].astype(np.float64)
        root = np.eye(weight.shape[1])
        if name in seen:
            values, vectors = np.linalg.eigh(seen[name])
            root = vectors * np.sqrt(np.maximum(values, _DAMPING * values[-1]))
        left, sizes, right = np.linalg.svd(weight @ root, full_matrices=False)
        kept = np.cumsum(np.square(sizes)) / np.square(sizes).sum()
        rank = int(np.searchsorted(kept, energy)) + 1
        if rank * sum(weight.shape) < weight.size:
            second = left[:, :rank] * np.sqrt(sizes[:rank])
            first = np.sqrt(sizes[:rank])[:, None] * np.linalg.solve(root.T, right[:rank].T).T
            _split(network, users[0], first.astype(np.float32), second.astype(np.float32))
            ranks[name] = rank
    return ranks


def _split(
    network: StoredNetwork, node: onnx.NodeProto, first: NDArray[np.float32], second: NDArray[np.float32]
) -> None:
    """Put a thin layer before a layer, which reads it from then on."""
    name = node.input[1]
    network.values[f"{name}.first"] = first[:, :, None, None]
    network.values[name] = second[:, :, None, None]
    nodes = list(network.model.graph.node)
    place = next(number for number, one in enumerate(nodes) if one.output[0] == node.output[0])
    thin = helper.make_node("Conv", [node.input[0], f"{name}.first"], [f"{name}.thin"], kernel_shape=[1, 1])
    nodes[place].input[0] = f"{name}.thin"
    del network.model.graph.node[:]
    network.model.graph.node.extend([*nodes[:place], thin, *nodes[place:]])
