"""SOAP: Adam in the eigenbasis of the gradients' second moments, for matrices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Soap"]

_BETA = 0.95  # of all averages
_EPSILON = 1e-8
_EVERY = 10  # steps between two looks at the bases
_LARGEST = 1024  # a longer side keeps its own axes: its basis would cost more than the step


class Soap(torch.optim.Optimizer):
    """Adam whose moments live in the bases in which the averages of G G^T and G^T G are diagonal (Vyas et al. 2024,
    arXiv 2409.11321). The bases follow by one step of power iteration and a QR decomposition every tenth step. The
    first gradient only sets them up.

    params: parameters (out, in, 1, 1) or (out, in), or groups of them as of every optimiser.
    """

    def __init__(self, params: Iterable[Any], lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # no loss is computed again
        """Update all parameters that have a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad.flatten(1).to(torch.float32), group["lr"])

    def _update(self, parameter: nn.Parameter, gradient: Tensor, rate: float | Tensor) -> None:
        state = self.state[parameter]
        sides = {"left": gradient @ gradient.T, "right": gradient.T @ gradient}
        sides = {name: square for name, square in sides.items() if len(square) <= _LARGEST}
        if not state:
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(gradient), torch.zeros_like(gradient)
            state["step"] = torch.zeros((), device=gradient.device)
            for name, square in sides.items():
                state[name], state[f"{name}_basis"] = square, torch.linalg.eigh(square)[1].flip(1)
            return
        state["step"] += 1
        state["exp_avg"].lerp_(gradient, 1 - _BETA)
        state["exp_avg_sq"].lerp_(_turned(state, gradient).square(), 1 - _BETA)
        unbias = 1 - _BETA ** state["step"]
        update = _turned(state, state["exp_avg"]) / unbias / ((state["exp_avg_sq"] / unbias).sqrt() + _EPSILON)
        parameter.sub_((_turned(state, update, back=True) * rate).view_as(parameter))
        for name, square in sides.items():
            state[name].lerp_(square, 1 - _BETA)
        if int(state["step"]) % _EVERY == 0:
            for axis, name in enumerate(("left", "right")):
                if name in sides:
                    _follow(state, name, axis)


def _turned(state: dict[str, Tensor], matrix: Tensor, *, back: bool = False) -> Tensor:
    """A matrix in the bases, or ``back`` out of them."""
    if "left" in state:
        matrix = (state["left_basis"] if back else state["left_basis"].T) @ matrix
    if "right" in state:
        matrix = matrix @ (state["right_basis"].T if back else state["right_basis"])
    return matrix


def _follow(state: dict[str, Tensor], name: str, axis: int) -> None:
    """Bring a basis up to date, its directions sorted by how much they hold, and the second moments with it."""
    basis, square = state[f"{name}_basis"], state[name]
    order = torch.argsort((basis * (square @ basis)).sum(0), descending=True)
    state["exp_avg_sq"] = state["exp_avg_sq"].index_select(axis, order)
    state[f"{name}_basis"] = torch.linalg.qr(square @ basis[:, order])[0]
