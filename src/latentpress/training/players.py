"""A player in a run: its optimisers, its step, and means of its figures."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from latentpress.errors import InvalidInputError
from latentpress.training.activations import compressed_activations
from latentpress.training.muon import Muon
from latentpress.training.schedule import Schedule
from latentpress.training.soap import Soap
from latentpress.training.step import make_step
from latentpress.training.system import Player, Say

__all__ = ["Playing"]

_FOR_MATRICES: dict[str, type[Muon] | type[Soap]] = {"muon": Muon, "soap": Soap}


class Playing:
    """A `Player` with its optimisers: Adam (Kingma and Ba 2015); `Muon` or `Soap` for matrices if the schedule says so.

    Raises InvalidInputError for one of these where the player names no matrices.
    """

    def __init__(self, player: Player, schedule: Schedule, device: str) -> None:
        self.player, self._schedule, self._device = player, schedule, device
        own = _FOR_MATRICES.get(schedule.optimiser)
        matrices = set(player.matrices) if own else set()
        if own and not matrices:
            raise InvalidInputError(
                f"recipe: the {player.name} has no matrices for schedule.optimiser {schedule.optimiser}; use adam"
            )
        rate, on_gpu = schedule.learning_rate, torch.device(device).type == "cuda"
        adam, others = (
            [
                {"params": found, "factor": factor}
                for factor, parameters in player.groups.items()
                if (found := [p for p in parameters if p.requires_grad and (p in matrices) == matrix])
            ]
            for matrix in (False, True)
        )
        self._optimisers: list[torch.optim.Optimizer] = []
        if adam:
            self._optimisers.append(torch.optim.Adam(adam, lr=rate, fused=True, capturable=on_gpu))
        if own and others:
            self._optimisers.append(own(others, rate))
        self._parameters = [parameter for group in self._groups() for parameter in group["params"]]
        if on_gpu:  # a recorded step reads its learning rate where it stood when it was recorded
            for group in self._groups():
                group["lr"] = torch.tensor(rate, device=device)
        self._total: Tensor | None = None
        self._count = 0

    def accelerate(self, how: str | None, recordable: bool, say: Say) -> None:
        """Choose how steps run (`make_step`)."""
        self._step = make_step(
            how,
            self._loss,
            self._parameters,
            self._optimisers,
            clip=self._schedule.clip,
            device=self._device,
            # decompositions of SOAP wait for the device; compressed activations have another size each time
            recordable=recordable and self._schedule.optimiser != "soap" and self._schedule.activations == "whole",
            say=say,
        )

    def play(self, drawn: tuple[Any, ...], phase: Hashable, rate: float) -> None:
        """Do one step at a learning rate; nothing waits for it."""
        for group in self._groups():
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate * group["factor"])
            else:
                group["lr"] = rate * group["factor"]
        figures = self._step(drawn, phase).to(torch.float64)
        self._total = figures.clone() if self._total is None else self._total.add_(figures)
        self._count += 1

    def means(self) -> list[float]:
        """Means of total and figures over the steps since the last time, which are waited for; none without steps."""
        total, count = self._total, self._count
        self._total, self._count = None, 0
        return [] if total is None else (total / count).tolist()

    def moments(self, names: Mapping[Tensor, str]) -> tuple[dict[str, dict[str, Tensor]], dict[str, int]]:
        """What the optimisers remember of each parameter, and how many updates each has had, by name."""
        moments, updates = {}, {}
        for optimiser in self._optimisers:
            for parameter, slot in optimiser.state.items():
                moments[names[parameter]] = {key: value for key, value in slot.items() if key != "step"}
                if "step" in slot:
                    updates[names[parameter]] = int(slot["step"])
        return moments, updates

    def restore(
        self, names: Mapping[Tensor, str], moments: Mapping[str, Mapping[str, Tensor]], updates: Mapping[str, int]
    ) -> None:
        """Go on from what `moments` gave."""
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                for parameter in group["params"]:
                    name = names[parameter]
                    if name in moments:
                        slot = {key: _like(moment, parameter) for key, moment in moments[name].items()}
                        if not isinstance(optimiser, Muon):
                            slot["step"] = torch.tensor(float(updates[name]), device=self._device)
                        optimiser.state[parameter] = slot

    def _groups(self) -> list[dict[str, Any]]:
        return [group for optimiser in self._optimisers for group in optimiser.param_groups]

    def _loss(self, *drawn: Any) -> tuple[Tensor, Tensor]:
        how = self._schedule.activations
        with compressed_activations(how, self._parameters) if how != "whole" else nullcontext():
            total, figures = self.player.loss(*drawn)
        return total, torch.cat([total.detach()[None], figures.to(total.device, total.dtype)])


def _like(moment: Tensor, parameter: Tensor) -> Tensor:
    """A moment where its parameter is, in its precision, and in its order of memory if they have one shape."""
    kept = torch.empty_like(parameter if moment.shape == parameter.shape else moment, dtype=parameter.dtype)
    return kept.to(parameter.device).copy_(moment)
