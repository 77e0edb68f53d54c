"""Two players that do not push each other's weights, and a branch that is asked for the edges of luma."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from latentpress.parts.restorers import derivatives  # noqa: E402
from latentpress.systems.edge_gan.training import EdgeGanTraining  # noqa: E402
from latentpress.training.plan import Plan  # noqa: E402

SIZES = {"channels": 4, "blocks": 1, "edge_channels": 4, "edge_blocks": 1, "embedding": 4, "critic": 4}


def test_derivatives_are_slopes() -> None:
    y, x = np.mgrid[:8, :10].astype(np.float64)
    found = derivatives(torch.from_numpy(np.stack([3 * x - 2 * y, 5 * y])[None]))[0, :, 1:-1, 1:-1]
    for plane, slope in zip(found, (3, -2, 0, 5), strict=True):
        assert torch.allclose(plane, torch.full_like(plane, slope))


def test_each_player_moves_its_own_weights() -> None:
    torch.manual_seed(0)
    schedule = {"steps": 10, "batch": 2, "crop": 64, "mixed_precision": False, "fooling_from": 0.5}
    training = EdgeGanTraining(Plan.from_dict({"codec": "edge-gan", "model": SIZES, "schedule": schedule}), "cpu")
    net = training.network(None)
    pictures = [np.random.default_rng(1).integers(0, 256, (96, 96, 3)).astype(np.uint8)]
    drawn = training.draw(pictures, np.random.default_rng(0))
    restorer, critic = training.players(net)

    def moved(player: object, step: int) -> dict[str, float]:
        net.zero_grad()
        training.enter(net, step)
        total, _ = player.loss(*drawn)  # type: ignore[attr-defined]
        total.backward()
        return {name: float(p.grad.abs().sum()) for name, p in net.named_parameters() if p.grad is not None}

    early, late = moved(restorer, 0), moved(restorer, 9)
    assert not any(name.startswith("critic.") for name in (*early, *late))
    assert early["last_edges.weight"] > 0
    assert early["last_edges.weight"] == late["last_edges.weight"]  # edges have a loss of their own
    assert early["last.weight"] != late["last.weight"]  # which the critic adds to from half of the run on
    judged = moved(critic, 9)
    assert all(name.startswith("critic.") for name in judged)
    assert max(judged.values()) > 0
