"""Muon: an optimiser of matrices that makes all directions of an update equally large."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Muon", "point_wise"]

_MOMENTUM = 0.95
_STEPS = 5
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic: brings singular values of 0.001..1 to about 0.7..1.2
_SCALE = 0.2  # with the root of the larger side: an update as large as one of Adam


class Muon(torch.optim.Optimizer):
    """Nesterov momentum whose updates are orthogonalised by five Newton-Schulz steps (Jordan et al. 2024,
    https://kellerjordan.github.io/posts/muon), scaled by 0.2 and the root of the larger side, so that a learning rate
    for Adam fits (Liu et al. 2025, arXiv 2502.16982).

    params: parameters (out, in, 1, 1) or (out, in), or groups of them as of every optimiser. Its steps can be recorded.
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-3) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # no loss is computed again
        """Update all parameters that have a gradient."""
        for group in self.param_groups:
            learning = [parameter for parameter in group["params"] if parameter.grad is not None]
            for shape in dict.fromkeys(parameter.shape for parameter in learning):
                self._update([parameter for parameter in learning if parameter.shape == shape], group["lr"])

    def _update(self, parameters: list[nn.Parameter], rate: float | Tensor) -> None:
        """Parameters of one shape, together."""
        for parameter in parameters:
            if "exp_avg" not in self.state[parameter]:
                self.state[parameter]["exp_avg"] = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        momenta = [self.state[parameter]["exp_avg"] for parameter in parameters]
        torch._foreach_mul_(momenta, _MOMENTUM)
        torch._foreach_add_(momenta, gradients)
        ahead = torch._foreach_add(gradients, momenta, alpha=_MOMENTUM)
        updates = _orthogonal(torch.stack(list(ahead)).flatten(2)) * rate
        for parameter, update in zip(parameters, updates, strict=True):
            parameter.sub_(update.view_as(parameter))


def _orthogonal(matrices: Tensor) -> Tensor:
    """The nearest matrices (count, out, in) with equal singular values, about; in bfloat16 on a GPU."""
    x = matrices.to(torch.bfloat16) if matrices.is_cuda else matrices
    wide = x.shape[1] <= x.shape[2]
    x = x if wide else x.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_STEPS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    x = x if wide else x.mT
    scaled: Tensor = x.to(matrices.dtype) * (_SCALE * float(max(x.shape[1:])) ** 0.5)
    return scaled


def point_wise(module: nn.Module, without: Iterable[nn.Parameter] = ()) -> list[nn.Parameter]:
    """Weights of the 1x1 convolutions of a module, but for some: what Muon is for."""
    left = set(without)
    return [p for p in module.parameters() if p.ndim == 4 and p.shape[2:] == (1, 1) and p not in left]
