"""Networks of progressive codecs: an encoder of what is still wrong, codes, a decoder that adds to the picture.

All works on blocks of 16x16 pixels, (B, 768, h, w) grey levels less 128. Encoder and decoder are a linear block
transform, the shortcut, beside a recurrent cell that begins with no say: the first step of a training run is a
progressive transform coder. Which cell, how codes become a picture, what stands around the cell: `Sizes` says it.

Sources: Toderici et al. 2016 and 2017 (arXiv 1511.06085, 1608.05148), Johnston et al. 2018 (arXiv 1703.10114; priming,
diffusion), Baig et al. 2017 (arXiv 1709.08855; what of the layers before a decoder builds on), Islam et al. 2021 (GDN).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.embedded import plane_steps
from latentpress.codecs.signs import SignPlan
from latentpress.errors import InvalidInputError
from latentpress.parts.binary import binarise, pair_bits, pair_values
from latentpress.parts.blocks import zero_
from latentpress.parts.gdn import Gdn
from latentpress.parts.recurrent import CELLS, cell_of
from latentpress.transforms.klt import KltBasis

__all__ = ["Inpainter", "ProgressiveNet", "Sizes"]

_PIXELS = 768
_SHARP = 2.0  # how steeply the chance of a sign rises at zero
_CHOICES = {
    "cell": tuple(CELLS),
    "reconstruction": ("additive", "one-shot", "scaled"),
    "normalisation": ("none", "gdn"),
}
_RANGES = {"layers": (1, 16), "channels": (2, _PIXELS), "hidden": (2, 1024), "signs": (0, 64), "priming": (0, 8),
           "diffusion": (1, 8)}  # fmt: skip


@dataclass(frozen=True)
class Sizes:
    """``layers`` of a file; ``channels`` of a block after its transform; ``hidden`` channels of the cells.

    ``signs``: codes of a block and layer, each -1 or 1; with 0 each channel has a pair of codes, significance and sign.
    ``cell``: one of `parts.recurrent.CELLS`. ``reconstruction``: ``additive``, a decoder adds to the picture;
    ``one-shot``, it paints the picture anew from what it remembers; ``scaled``, it adds to it by a gain that the
    picture so far says. ``normalisation``: ``gdn`` behind the encoder's and decoder's first layer, its inverse before
    their last one. ``priming``: steps of the cells before the first codes count. ``diffusion``: their steps a layer.
    ``inpainting``: the first layer is of every second place; the others are predicted from it, then coded.
    """

    layers: int = 12
    channels: int = 192
    hidden: int = 96
    signs: int = 0
    cell: str = "gru"
    reconstruction: str = "additive"
    normalisation: str = "none"
    priming: int = 0
    diffusion: int = 1
    inpainting: bool = False

    def __post_init__(self) -> None:
        if self.inpainting and (self.signs or self.layers < 2 or self.reconstruction == "one-shot"):
            raise InvalidInputError(
                "recipe: model.inpainting is for pairs of codes that add to it, in 2 layers or more"
            )
        for name, among in _CHOICES.items():
            if getattr(self, name) not in among:
                raise InvalidInputError(f"recipe: model.{name} must be one of {', '.join(among)}")
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise InvalidInputError(f"recipe: model.{name} must be {low} to {high}, not {getattr(self, name)}")


class _Side(nn.Module):
    """What encoder and decoder share: a cell, and what a layer adds to its input. A layer is a row (1, layers), one in
    its place and zero elsewhere.
    """

    def __init__(self, sizes: Sizes, inputs: int, outputs: int) -> None:
        super().__init__()
        self.again = sizes.diffusion
        self.reduce = nn.Conv2d(inputs, sizes.hidden, 1)
        self.layer = nn.Parameter(torch.zeros(sizes.layers, sizes.hidden))
        self.cell = cell_of(sizes.cell, sizes.hidden, sizes.hidden)
        divided = sizes.normalisation == "gdn"
        self.divide = Gdn(sizes.hidden) if divided else None
        self.multiply = Gdn(self.cell.hidden, inverse=True) if divided else None
        self.head = nn.Conv2d(self.cell.hidden, outputs, 1)
        zero_(self.head)

    def remember(self, x: Tensor, state: Tensor, layer: Tensor) -> tuple[Tensor, Tensor]:
        """What the head makes of the next state, and that state."""
        x = self.reduce(x) + _row(layer, self.layer)
        if self.divide is not None:
            x = self.divide(x)
        for _ in range(self.again):
            state = self.cell(x, state)
        output = state[:, : self.cell.hidden]
        made: Tensor = self.head(output if self.multiply is None else self.multiply(output))
        return made, state


class PairEncoder(_Side):
    """Residual (B, 768, h, w), state and layer to the scores of each channel's pair of codes, significance and sign,
    and the next state.
    """

    outputs = ("significance", "sign", "next")
    steps: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes, sizes.channels, 2 * sizes.channels)
        self.halves = sizes.inpainting
        self.analysis = nn.Conv2d(_PIXELS, sizes.channels, 1, bias=False)
        self.threshold = nn.Parameter(torch.full((sizes.layers, sizes.channels), 0.7))
        self.register_buffer("steps", torch.ones(sizes.layers, sizes.channels))

    def start(self, deviations: np.ndarray) -> None:
        """The steps of channels of these standard deviations."""
        self.steps.copy_(torch.from_numpy(plane_steps(len(self.steps), deviations, self.halves)))

    def forward(self, residual: Tensor, state: Tensor, layer: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        step = _row(layer, self.steps)
        value = self.analysis(residual) / step.clamp_min(1) * step.clamp_max(1)
        made, state = self.remember(value.clamp(-4, 4), state, layer)
        more, dead = made.chunk(2, dim=1)
        value = value + more
        return value.abs() - _row(layer, self.threshold) - dead, value, state

    def code(
        self, residual: Tensor, state: Tensor, layer: Tensor, noise: torch.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Values, their estimated bits (B,), and the next state."""
        significance, sign, state = self(residual, state, layer)
        active = (_row(layer, self.steps) > 0).to(residual)
        if self.halves:
            odd = torch.from_numpy(np.indices(residual.shape[2:]).sum(axis=0) % 2).to(residual)
            active = active * (1 - layer[:, 0] * odd - layer[:, 1] * (1 - odd))
        values = active * pair_values(significance, sign, _draws(significance, noise))
        return values, pair_bits(significance, active), state


class SignEncoder(_Side):
    """Residual, state and layer to codes of -1 and 1 (B, signs, h, w), and the next state. A channel may have several
    codes in a layer, each of what those before it leave.
    """

    outputs = ("values", "next")
    select: Tensor
    expand: Tensor
    turn: Tensor
    scale: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes, sizes.channels, sizes.signs)
        self.analysis = nn.Conv2d(_PIXELS, sizes.channels, 1, bias=False)
        for name in ("select", "expand"):
            self.register_buffer(name, torch.zeros(sizes.layers, sizes.signs * sizes.channels))
        self.register_buffer("turn", torch.zeros(sizes.layers, sizes.signs))
        self.register_buffer("scale", torch.ones(sizes.layers, sizes.channels))

    @property
    def steps(self) -> Tensor:
        """The largest step of each layer (layers, 1)."""
        return self.expand.amax(dim=1, keepdim=True)

    def start(self, plan: SignPlan) -> None:
        """Which channel each code is of, and its step."""
        shape = (*plan.channel.shape, self.scale.shape[1])
        place = np.zeros(shape, np.float32)
        np.put_along_axis(place, plan.channel[..., None].astype(np.int64), 1, axis=2)
        steps = plan.steps[..., None].astype(np.float32)
        self.select.copy_(torch.from_numpy((place / steps).reshape(shape[0], -1)))
        self.expand.copy_(torch.from_numpy((place * steps).reshape(shape[0], -1)))
        self.turn.copy_(torch.from_numpy(plan.turn.astype(np.float32)))
        self.scale.copy_(torch.from_numpy(plan.spread.astype(np.float32)))

    def forward(
        self, residual: Tensor, state: Tensor, layer: Tensor, noise: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        value = self.analysis(residual)
        more, state = self.remember((value / _row(layer, self.scale)).clamp(-4, 4), state, layer)
        select, expand = (_matrix(layer, of, self.turn.shape[1]) for of in (self.select, self.expand))
        turn, codes = _row(layer, self.turn), 0 * more
        for number in range(SignPlan.turns):
            score = torch.tanh(_SHARP * (F.conv2d(value, select) + more))
            # 1 - |turn - number| where that is positive: 1 for the codes whose turn it is
            now = (1 - (turn - number).abs()).clamp_min(0) * binarise(score, _draws(score, noise))
            value = value - F.conv2d(now, expand.transpose(0, 1))
            codes = codes + now
        return codes, state

    def code(
        self, residual: Tensor, state: Tensor, layer: Tensor, noise: torch.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Codes, their bits (B,), one each, and the next state."""
        codes, state = self(residual, state, layer, noise)
        return codes, codes.new_full((codes.shape[0],), codes[0].numel()), state


class Decoder(_Side):
    """Values (B, n, h, w), the picture so far (B, 768, h, w), state and layer to picture and state. With ``scaled``
    reconstruction the gain of the next residual (B, 1, h, w) too.
    """

    steps: Tensor
    cells: Tensor

    def __init__(self, sizes: Sizes) -> None:
        values = sizes.signs or sizes.channels
        super().__init__(sizes, values, _PIXELS)
        self.how = sizes.reconstruction
        more = {"additive": 0, "one-shot": sizes.channels, "scaled": 1}[self.how]
        self.states = self.cell.states + more
        self.register_buffer("cells", (torch.arange(self.states) < self.cell.states)[None, :, None, None], False)
        self.synthesis = nn.Conv2d(sizes.channels, _PIXELS, 1, bias=False)
        self.look = nn.Conv2d(_PIXELS, values, 1)
        zero_(self.look)
        self.signs = sizes.signs
        if sizes.signs:
            self.expand = nn.Parameter(torch.zeros(sizes.layers, sizes.signs * sizes.channels))
        else:
            self.gain = nn.Parameter(torch.full((sizes.layers, sizes.channels), 0.97))
        self.register_buffer("steps", torch.ones(sizes.layers, 1 if sizes.signs else sizes.channels))
        if self.how == "scaled":
            last = nn.Conv2d(16, 1, 1)
            zero_(last)
            self.gains = nn.Sequential(nn.Conv2d(_PIXELS, 16, 1), nn.LeakyReLU(0.1), last)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what is handed out."""
        return ("painted", "next", "gain") if self.how == "scaled" else ("painted", "next")

    def forward(self, values: Tensor, picture: Tensor, state: Tensor, layer: Tensor) -> tuple[Tensor, ...]:
        steps = _row(layer, self.steps)
        step = steps.amax(dim=1, keepdim=True)
        inner, kept = state[:, : self.cell.states], state[:, self.cell.states :]
        made, inner = self.remember(values + self.look(picture / step), inner, layer)
        if self.signs:
            coefficients = F.conv2d(values, _matrix(layer, self.expand, self.signs).transpose(0, 1))
        else:
            coefficients = values * steps * _row(layer, self.gain)
        made = made * (step / 16)
        if self.how == "one-shot":
            kept = kept + coefficients
            return self.synthesis(kept) + made, torch.cat([inner, kept], dim=1)
        added = self.synthesis(coefficients) + made
        if self.how == "additive":
            return picture + added, inner
        picture = picture + added / (1 + kept)
        gain = torch.exp(self.gains(picture / 128).clamp(-2, 2))  # as 1 + ELU in the paper: positive, 1 at the start
        return picture, torch.cat([inner, gain - 1], dim=1), gain


class Inpainter(nn.Module):
    """The picture (B, 768, h, w) after the first layer, and which blocks of it have codes (B, 1, h, w), 1 or 0, to the
    picture with the others painted from their neighbours: at the start with the mean colour of those above, below, left
    and right that are known.
    """

    one: Tensor
    three: Tensor
    outputs = ("painted",)

    def __init__(self, features: int) -> None:
        super().__init__()
        self.mean, self.spread = nn.Conv2d(_PIXELS, 3, 1, bias=False), nn.Conv2d(3, _PIXELS, 1, bias=False)
        colours = torch.eye(3).repeat_interleave(_PIXELS // 3, dim=1)[:, :, None, None]
        self.mean.weight.data.copy_(3 * colours / _PIXELS)
        self.spread.weight.data.copy_(colours.transpose(0, 1))
        cross = torch.tensor([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]])[None, None]
        self.register_buffer("one", cross)
        self.register_buffer("three", cross.repeat(3, 1, 1, 1))
        self.reduce = nn.Conv2d(_PIXELS, features, 1)
        self.near = nn.Conv2d(features + 1, features, 3, padding=1)
        self.head = nn.Conv2d(features, _PIXELS, 1)
        zero_(self.head)

    def forward(self, picture: Tensor, known: Tensor) -> Tensor:
        kept = picture * known
        beside = F.conv2d(known, self.one, padding=1).clamp_min(1)
        usual = F.conv2d(self.mean(kept), self.three, padding=1, groups=3) / beside
        inner = F.leaky_relu(self.reduce(kept / 128), 0.1)
        inner = F.leaky_relu(self.near(torch.cat([inner, known], dim=1)), 0.1)
        painted: Tensor = kept + (1 - known) * (self.spread(usual) + 128 * self.head(inner))
        return painted


class ProgressiveNet(nn.Module):
    """Encoder and decoder, and how a batch goes through them. ``basis``: of the block transforms at the start."""

    def __init__(self, sizes: Sizes, basis: KltBasis | None) -> None:
        super().__init__()
        self.sizes = sizes
        self.encoder: PairEncoder | SignEncoder = SignEncoder(sizes) if sizes.signs else PairEncoder(sizes)
        self.decoder = Decoder(sizes)
        if sizes.inpainting:
            self.inpaint = Inpainter(sizes.hidden)
        if basis is None:
            return
        vectors = torch.from_numpy(np.ascontiguousarray(basis.vectors))[:, :, None, None]
        self.encoder.analysis.weight.data.copy_(vectors)
        self.decoder.synthesis.weight.data.copy_(vectors.transpose(0, 1))
        if isinstance(self.encoder, SignEncoder):
            self.encoder.start(SignPlan.of(sizes.layers, sizes.signs, basis.deviations))
            self.decoder.expand.data.copy_(self.encoder.expand)
        else:
            self.encoder.start(basis.deviations)
        self.decoder.steps.copy_(self.encoder.steps)

    def forward(self, x: Tensor, noise: torch.Generator | None = None) -> list[tuple[Tensor, Tensor]]:
        """For each layer, from blocks (B, 768, h, w): the picture after it, and its estimated bits (B,). ``noise``: for
        stochastic codes.
        """
        picture, gain = torch.zeros_like(x), x.new_ones(1)
        coded, after = (
            x.new_zeros(x.shape[0], n, *x.shape[2:]) for n in (self.encoder.cell.states, self.decoder.states)
        )
        found = []
        for number in range(self.sizes.layers):
            layer = F.one_hot(torch.tensor([number], device=x.device), self.sizes.layers).to(x)
            residual = (x - picture) * gain
            before = self.sizes.priming if number == 0 else 0
            for _ in range(before):
                coded = self.encoder(residual, coded, layer)[-1]
            values, bits, coded = self.encoder.code(residual, coded, layer, noise)
            for _ in range(before):  # of the decoder's state what its cell remembers
                after = self.decoder(values, picture, after, layer)[1] * self.decoder.cells
            picture, after, *gains = self.decoder(values, picture, after, layer)
            gain = gains[0] if gains else gain
            if self.sizes.inpainting and number == 0:
                picture = self.inpaint(picture, (values != 0).any(dim=1, keepdim=True).to(x))
            found.append((picture, bits))
        return found


def _draws(x: Tensor, noise: torch.Generator | None) -> Tensor | None:
    return None if noise is None else torch.rand(x.shape, generator=noise, device=x.device)


def _row(layer: Tensor, table: Tensor) -> Tensor:
    """The row (1, n, 1, 1) of a table (layers, n) for a layer."""
    return (layer @ table)[:, :, None, None]


def _matrix(layer: Tensor, table: Tensor, rows: int) -> Tensor:
    """The matrix (rows, n, 1, 1) of a table (layers, rows n) for a layer, as a convolution takes it."""
    return (layer @ table).reshape(rows, -1, 1, 1)
