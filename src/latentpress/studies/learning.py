"""Small classifiers for studies: one loop to train them, and how figures of several seeds are written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["SEEDS", "accuracy", "fit", "one_thread", "outputs", "spread"]

SEEDS = (0, 1, 2)

_RATE = 2e-3
_PIECE = 256


def fit(
    net: nn.Module, loss: Callable[[Tensor], Tensor], examples: int, steps: int, *, batch: int = 64, seed: int = 0
) -> float:
    """Train all parameters by Adam, the rate falling to zero along a quarter of a cosine; gives the processor seconds.

    loss: of the numbers (batch,) of the examples to learn from, drawn without repeating any until all had their turn.
    """
    order = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), _RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: float(np.cos(np.pi / 2 * step / steps)))
    net.train()
    began, turn = time.process_time(), torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(turn) < batch:
            turn = torch.cat([turn, torch.randperm(examples, generator=order)])
        chosen, turn = turn[:batch], turn[batch:]
        optimiser.zero_grad()
        loss(chosen).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    net.eval()
    return time.process_time() - began


def outputs(net: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """What a network makes of all examples, a piece at a time."""
    with torch.no_grad():
        pieces = zip(*(torch.split(one, _PIECE) for one in inputs), strict=True)
        return torch.cat([net(*piece) for piece in pieces])


def accuracy(scores: Tensor, labels: Tensor) -> float:
    """Share of examples (B, classes) whose highest score is that of their label (B,)."""
    return float((scores.argmax(1) == labels).float().mean())


def spread(values: Sequence[float], digits: int = 2, *, sign: bool = False) -> str:
    """Mean and standard deviation; of one value alone, without."""
    mean = f"{np.mean(values):{'+' if sign else ''}.{digits}f}"
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else mean


@contextmanager
def one_thread() -> Iterator[None]:
    """torch on one thread, so that times can be compared."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
