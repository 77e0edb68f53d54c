"""Recurrent cells on feature maps: what a progressive codec remembers from layer to layer.

Those of Toderici et al. 2016 (arXiv 1511.06085) and 2017 (arXiv 1608.05148, section 3.1), each convolution split in a
depth-wise 3x3 one, which input and state share, and point-wise ones for the gates. All have one face: input (B,
inputs, H, W) and state (B, ``states``, H, W) give the next state, of which the first ``hidden`` channels are the
output. A state begins as zeros; a step sees one sample further on each side, but for `Dense`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["CELLS", "AssociativeLstm", "ConvGru", "ConvLstm", "Convolutional", "Dense", "ResidualGru", "cell_of"]

_SHARE = 0.1  # of what goes past the gates of `ResidualGru`, as in the paper


class _Cell(nn.Module):
    """A depth-wise look around, and one point-wise convolution for ``gates`` times the hidden channels."""

    copies = 1  # of the hidden channels in the state

    def __init__(self, inputs: int, hidden: int, gates: int) -> None:
        super().__init__()
        both = inputs + hidden
        self.inputs, self.hidden, self.states = inputs, hidden, self.copies * hidden
        self.spatial = nn.Conv2d(both, both, 3, padding=1, groups=both)
        self.gates = nn.Conv2d(both, gates * hidden, 1)

    def around(self, x: Tensor, output: Tensor) -> Tensor:
        """Input and last output with what is near them: (B, inputs + hidden, H, W)."""
        seen = torch.cat([x, output], dim=1)
        made: Tensor = seen + self.spatial(seen)
        return made


class ConvGru(_Cell):
    """Convolutional gated recurrent unit (Cho et al. 2014, arXiv 1406.1078). Its state is its output, in (-1, 1)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden, 2)
        self.candidate = nn.Conv2d(inputs + hidden, hidden, 1)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        return self.step(self.around(x, state), state)

    def step(self, seen: Tensor, state: Tensor) -> Tensor:
        """The next output from what is seen and the last one."""
        keep, reset = torch.sigmoid(self.gates(seen)).chunk(2, dim=1)
        inside = torch.cat([seen[:, : self.inputs], reset * seen[:, self.inputs :]], dim=1)
        return keep * state + (1 - keep) * torch.tanh(self.candidate(inside))


class ResidualGru(ConvGru):
    """The hybrid of gated recurrent unit and residual network (Toderici et al. 2017, section 3.1.3): a tenth of the
    input and of the last memory goes past the gates. State: output and memory.
    """

    copies = 2

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.past = nn.Conv2d(hidden, hidden, 1)
        self.direct = nn.Conv2d(inputs, hidden, 1)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        memory = state[:, self.hidden :]
        after = self.step(self.around(x, memory), memory) + _SHARE * self.past(memory)
        return torch.cat([after + _SHARE * self.direct(x), after], dim=1)


class ConvLstm(_Cell):
    """Convolutional long short-term memory (Shi et al. 2015, arXiv 1506.04214, without peepholes). State: output and
    memory.
    """

    copies = 2

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden, 4)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        output, memory = state.chunk(2, dim=1)
        forget, take, give, new = self.gates(self.around(x, output)).chunk(4, dim=1)
        # one more in the forget gate: what is not learned yet is kept (Jozefowicz et al. 2015)
        memory = torch.sigmoid(forget + 1) * memory + torch.sigmoid(take) * torch.tanh(new)
        return torch.cat([torch.sigmoid(give) * torch.tanh(memory), memory], dim=1)


class AssociativeLstm(_Cell):
    """Associative LSTM (Danihelka et al. 2016, arXiv 1602.03032) with one copy: the memory is complex, written and read
    with complex keys of magnitude at most 1. ``hidden`` is even: first the real parts, then the imaginary ones.
    """

    copies = 2

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden + hidden % 2, 4)
        self.pairs = self.hidden // 2
        # three gates of complex numbers, of half the channels each; then key of the input, key of the output, content
        self.gates = nn.Conv2d(inputs + self.hidden, 3 * self.pairs + 3 * self.hidden, 1)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        output, memory = state.chunk(2, dim=1)
        made = self.gates(self.around(x, output))
        gates, rest = made[:, : 3 * self.pairs], made[:, 3 * self.pairs :]
        forget, take, give = (torch.cat([g, g], dim=1) for g in gates.chunk(3, dim=1))
        write, read, new = (self._bounded(part) for part in rest.chunk(3, dim=1))
        memory = torch.sigmoid(forget + 1) * memory + self._times(write, torch.sigmoid(take) * new)
        return torch.cat([torch.sigmoid(give) * self._bounded(self._times(read, memory)), memory], dim=1)

    def _bounded(self, x: Tensor) -> Tensor:
        """Complex numbers, the larger ones drawn to magnitude 1."""
        real, imaginary = x.chunk(2, dim=1)
        size = torch.sqrt((real * real + imaginary * imaginary).clamp_min(1))
        return x / torch.cat([size, size], dim=1)

    def _times(self, x: Tensor, y: Tensor) -> Tensor:
        (a, b), (c, d) = x.chunk(2, dim=1), y.chunk(2, dim=1)
        return torch.cat([a * c - b * d, a * d + b * c], dim=1)


class Convolutional(_Cell):
    """Remembers nothing: a convolution and tanh (the residual autoencoder of Toderici et al. 2016, section 3.5)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden, 1)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        return torch.tanh(self.gates(self.around(x, 0 * state)))


class Dense(nn.Module):
    """Remembers nothing and sees no neighbours: a fully connected layer for each place (section 3.3 there)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = self.states = hidden
        self.layers = nn.Sequential(nn.Conv2d(inputs, hidden, 1), nn.Tanh(), nn.Conv2d(hidden, hidden, 1), nn.Tanh())

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        made: Tensor = self.layers(x)
        return made + 0 * state  # an input that no graph may leave out


CELLS = {
    "gru": ConvGru,
    "residual-gru": ResidualGru,
    "lstm": ConvLstm,
    "associative": AssociativeLstm,
    "convolution": Convolutional,
    "dense": Dense,
}
"""By the name that recipes know them by."""


def cell_of(name: str, inputs: int, hidden: int) -> ConvGru | ConvLstm | AssociativeLstm | Convolutional | Dense:
    """A cell by its name in `CELLS`."""
    made: ConvGru = CELLS[name](inputs, hidden)  # type: ignore[assignment]
    return made
