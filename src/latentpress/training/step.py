"""The optimiser step, in the plainest form or recorded once and replayed on the GPU.

At the sizes of this project a step is thousands of short kernels, and a GPU spends most of it waiting for Python to
launch the next one. A CUDA graph launches all of them at once (`GraphStep`); a compiler joins many of them besides.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from torch import Tensor

from latentpress.errors import InvalidInputError

__all__ = ["ACCELERATIONS", "GraphStep", "Step", "make_step", "send"]

ACCELERATIONS = ("none", "graph", "compile")
"""How steps run: one kernel after the other; as a CUDA graph; compiled by `torch.compile` and then as a CUDA graph."""

Loss = Callable[..., tuple[Tensor, Any]]

_WARM_UP = 3  # steps before the recording: libraries choose their kernels and take their workspaces in these


def send(value: Any, device: str) -> Any:
    """A tensor on the device, without waiting for it; anything else unchanged."""
    if not isinstance(value, Tensor) or device == "cpu" or value.device.type != "cpu":
        return value
    return value.pin_memory().to(device, non_blocking=True)


def make_step(
    how: str | None,
    loss: Loss,
    parameters: Sequence[torch.nn.Parameter],
    optimisers: Sequence[torch.optim.Optimizer],
    *,
    clip: float,
    device: str,
    recordable: bool,
    say: Callable[[str], None],
) -> Step:
    """The step that ``how`` asks for, one of `ACCELERATIONS`; None for the quickest that is sure to work.

    ``recordable``: whether ``loss`` does the same device work in every step of a phase, without waiting for a result.
    What cannot be done here is said in a line and done without. Raises InvalidInputError for another name.
    """
    on_gpu = torch.device(device).type == "cuda"
    if how is None:
        how = "graph" if on_gpu and recordable else "none"
    if how not in ACCELERATIONS:
        raise InvalidInputError(f"steps can be accelerated by {', '.join(ACCELERATIONS)}, not {how!r}")
    if how != "none" and not recordable:
        say(f"no acceleration by {how} for this recipe: its steps are not the same work each time")
        how = "none"
    if how == "graph" and not on_gpu:
        say(f"CUDA graphs need a CUDA device, not {device}: steps run one kernel after the other")
    kind = GraphStep if on_gpu and how != "none" else Step
    return kind(loss, parameters, optimisers, clip=clip, device=device, compiled=how == "compile", say=say)


class Step:
    """Gradients of ``loss(*inputs)`` for the parameters, clipped to the norm ``clip``, and the optimisers' step. With
    ``compiled`` the loss goes through `torch.compile`, until that fails.
    """

    def __init__(
        self,
        loss: Loss,
        parameters: Sequence[torch.nn.Parameter],
        optimisers: Sequence[torch.optim.Optimizer],
        *,
        clip: float,
        device: str,
        compiled: bool,
        say: Callable[[str], None],
    ) -> None:
        self._plain = self._loss = loss
        if compiled:
            self._loss = torch.compile(loss, dynamic=False)
        self._optimisers, self._clip, self._device, self._say = optimisers, clip, device, say
        self._parameters = list(parameters)

    def __call__(self, inputs: tuple[Any, ...], phase: Hashable) -> Any:
        """Do one step; returns the figures of the loss. ``phase`` changes where the work of a step does."""
        return self._advance(tuple(send(value, self._device) for value in inputs))

    def _advance(self, inputs: tuple[Any, ...]) -> Any:
        try:
            figures = self._gradients(inputs)
        except Exception as error:  # compilers fail in ways of their own, and none of them may end a run
            if self._loss is self._plain:
                raise
            self._loss = self._plain
            self._say(f"steps cannot be compiled and run as they are: {_first_line(error)}")
            figures = self._gradients(inputs)
        torch.nn.utils.clip_grad_norm_(self._parameters, self._clip)
        for optimiser in self._optimisers:
            optimiser.step()
        return figures

    def _gradients(self, inputs: tuple[Any, ...]) -> Any:
        if self._loss is self._plain:
            loss, figures = self._plain(*inputs)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # compilers think aloud
                loss, figures = self._loss(*inputs)
        self._forget()
        loss.backward(inputs=self._parameters)  # type: ignore[no-untyped-call]
        return figures

    def _forget(self) -> None:
        """Let the gradients go."""
        for parameter in self._parameters:
            parameter.grad = None


class GraphStep(Step):
    """The same step, recorded as a CUDA graph after a few plain ones in each phase, and replayed.

    Recording takes no step by itself, so a recorded run takes the same steps as a plain one. If it fails, a line says
    so, and steps stay plain. Figures are overwritten by the next step.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._phase: Hashable = object()
        self._warm = 0
        self._failed = False
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: tuple[Tensor, ...] = ()
        self._figures: Any = None
        self._side = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]

    def __call__(self, inputs: tuple[Any, ...], phase: Hashable) -> Any:
        """Do one step, plain or replayed."""
        if self._failed:
            return super().__call__(inputs, phase)
        if phase != self._phase:
            self._phase, self._warm, self._graph, self._figures = phase, 0, None, None
            self._forget()
        if self._warm < _WARM_UP:
            self._warm += 1
            return self._on_the_side(inputs)
        if self._graph is None:
            self._inputs = tuple(send(value, self._device).clone() for value in inputs)
            try:
                self._record()
            except Exception as error:  # of many kinds, and the plain steps have worked
                self._failed, self._graph = True, None
                self._forget()
                self._say(f"steps cannot be recorded as a CUDA graph and run plainly: {_first_line(error)}")
                return super().__call__(inputs, phase)
        for place, value in zip(self._inputs, inputs, strict=True):
            place.copy_(value.pin_memory() if value.device.type == "cpu" else value, non_blocking=True)
        assert self._graph is not None
        self._graph.replay()
        return self._figures

    def _on_the_side(self, inputs: tuple[Any, ...]) -> Any:
        """A plain step on another stream, as recording wants it: what autograd keeps of a stream is then not the
        default one's.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the optimiser is made for recording, and says so in each plain step
            current = torch.cuda.current_stream(self._device)
            self._side.wait_stream(current)
            with torch.cuda.stream(self._side):
                figures = super().__call__(inputs, self._phase)
            current.wait_stream(self._side)
        return figures

    def _record(self) -> None:
        self._forget()  # so that gradients live in the graph's own memory
        torch.cuda.synchronize(self._device)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._figures = self._advance(self._inputs)
        self._graph = graph


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
