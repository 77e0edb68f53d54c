"""Entropy coding of binary codes: chances that adapt in contexts, against an integer network that sees around."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.codecs.adapting import AdaptiveBits
from latentpress.codecs.ports import Pricing
from latentpress.codecs.signs import SignCoder, SignPlan
from latentpress.parts.bit_context import LOGITS, BitContext
from latentpress.parts.integer import FEATURE_BITS, set_integer
from latentpress.parts.progressive import ProgressiveNet, Sizes
from latentpress.studies.base import Request, Result, Table
from latentpress.studies.learning import fit, one_thread
from latentpress.training.data import Pictures, load_pictures
from latentpress.training.exactness import prove_exact
from latentpress.training.latent import whole_blocks
from latentpress.transforms.klt import fit_klt

__all__ = ["run", "study"]

_SIZES = Sizes(layers=8, channels=160, hidden=8, signs=32)
_STEPS = 3000
_SIDE = 384  # pixels of the pictures to learn from
_EVERY = 8
_ONE = 2**FEATURE_BITS
_QUARTER = _ONE // 4  # of a step: a step is one
_MOST = 255

Whole = NDArray[np.int32]


class _Seeing(SignCoder):
    """Codes in the contexts that a network tells apart."""

    def __init__(self, plan: SignPlan, shape: tuple[int, int], net: BitContext) -> None:
        super().__init__(plan.channel, plan.steps, plan.turn, shape)
        self._net = net

    def chances(self) -> AdaptiveBits:
        """One for each logit."""
        return AdaptiveBits("signs", LOGITS)

    @torch.no_grad()
    def contexts(self, number: int, codes: NDArray[Any], values: Whole) -> Whole:
        """See `SignCoder.contexts`."""
        made = self._net(*_inputs(self, number, values, len(self._channel)))
        index: Whole = BitContext.index(made)[0].numpy().astype(np.int32)[codes]
        return index


def run(request: Request) -> Result:
    """The study, on one thread."""
    assert request.test is not None
    with one_thread():
        tested = [read_pixels(path) for path in list(find_pictures(request.test).values())[::_EVERY]]
        return study(load_pictures(list(request.data), 64), tested, _SIZES, _STEPS, request)


def study(
    pictures: Pictures, tested: Sequence[NDArray[np.uint8]], sizes: Sizes, steps: int, request: Request
) -> Result:
    """Codes of the transform that networks begin with; one step is one layer of one picture."""
    torch.manual_seed(0)
    basis = fit_klt(list(pictures), sizes.channels)
    plan = SignPlan.of(sizes.layers, sizes.signs, basis.deviations)
    coder = ProgressiveNet(sizes, basis)
    learned = [(_codes(coder, picture[:_SIDE, :_SIDE])) for picture in pictures]
    net = BitContext(sizes.signs, sizes.layers)
    seconds = fit(net, partial(_loss, net, plan, learned), len(learned) * sizes.layers, steps, batch=1)
    bounds = prove_exact(net)
    set_integer(net, True)
    rows: dict[str, list[list[float]]] = {"adaptive": [], "network": []}
    spent = dict.fromkeys(rows, 0.0)
    for pixels in tested:
        values = _codes(coder, pixels)
        for name in rows:
            began = time.process_time()
            shape = values.shape[2:]
            walk = (
                SignCoder(plan.channel, plan.steps, plan.turn, shape)
                if name == "adaptive"
                else _Seeing(plan, shape, net)
            )
            rows[name].append(_bits(walk, values))
            spent[name] += (time.process_time() - began) / len(tested) / sizes.layers
        request.say(", ".join(f"{name} {sum(found[-1]):.3f} bpp" for name, found in rows.items()))
    return _result(rows, spent, sizes, len(tested), len(pictures), steps, seconds, bounds)


@torch.no_grad()
def _codes(coder: ProgressiveNet, pixels: NDArray[np.uint8]) -> Whole:
    """Codes (layers, codes, h, w) of a picture, whole blocks of it."""
    x = F.pixel_unshuffle(whole_blocks(pixels), 16) - 128
    found: list[Tensor] = []
    hook = coder.encoder.register_forward_hook(lambda module, inputs, outputs: found.append(outputs[0]))
    coder(x)
    hook.remove()
    return torch.cat(found).numpy().astype(np.int32)


def _bits(walk: SignCoder, values: Whole) -> list[float]:
    """Bits a pixel of each layer, as an ideal coder spends them."""
    found, pixels = [], 256 * values[0, 0].size
    for number, layer in enumerate(values):
        port = Pricing()
        walk.layer(port, number, layer)
        found.append(port.total / pixels)
    return found


def _inputs(coder: SignCoder, number: int, values: Whole, layers: int) -> tuple[Tensor, Tensor, Tensor]:
    """What the network sees before the codes that are next."""
    every = np.arange(len(values))
    known = np.clip(_QUARTER * np.concatenate(coder.seen(number, every)), -_MOST, _MOST)
    layer = torch.zeros(1, layers, *values.shape[1:])
    layer[:, number] = 1
    return torch.from_numpy(values)[None].float(), torch.from_numpy(known)[None].float() / _ONE, layer


def _loss(net: BitContext, plan: SignPlan, learned: Sequence[Whole], chosen: Tensor) -> Tensor:
    """Bits a code of a layer of a picture."""
    picture, number = divmod(int(chosen[0]), len(plan.channel))
    values = learned[picture]
    total = torch.zeros(())
    for inputs, where in _turns(plan, values, number):
        wanted = torch.from_numpy(values[number] > 0).float()
        loss = F.binary_cross_entropy_with_logits(net(*inputs)[0], wanted, reduction="none")
        total = total + (loss * torch.from_numpy(where)).sum()
    share: Tensor = total / (values[number].size * math.log(2))
    return share


def _turns(
    plan: SignPlan, values: Whole, number: int
) -> Iterator[tuple[tuple[Tensor, Tensor, Tensor], NDArray[np.bool_]]]:
    """Inputs of the network before each part of a layer, and which codes that part has (codes, h, w)."""
    coder = SignCoder(plan.channel, plan.steps, plan.turn, values.shape[2:])
    for layer in range(number):
        np.add.at(coder.known, plan.channel[layer], plan.steps[layer, :, None, None] * values[layer])
    odd = np.indices(values.shape[2:]).sum(axis=0) % 2
    done = np.zeros_like(values[number])
    for turn, phase in np.ndindex(SignPlan.turns, 2):
        where = (plan.turn[number] == turn)[:, None, None] & (odd == phase)
        if not where.any():
            continue
        yield _inputs(coder, number, done, len(plan.channel)), where
        fresh = values[number] * where
        np.add.at(coder.known, plan.channel[number], plan.steps[number, :, None, None] * fresh)
        done += fresh


def _result(
    rows: dict[str, list[list[float]]],
    spent: dict[str, float],
    sizes: Sizes,
    count: int,
    learned: int,
    steps: int,
    seconds: float,
    bounds: dict[str, int],
) -> Result:
    raw = sizes.signs / 256
    sums = {name: np.cumsum(np.mean(found, axis=0)) for name, found in rows.items()}
    lines = []
    for number in range(sizes.layers):
        whole = raw * (number + 1)
        cells = [f"{sums[name][number]:.4f} ({100 * (1 - sums[name][number] / whole):.1f} %)" for name in rows]
        lines.append((str(number + 1), f"{whole:.3f}", *cells))
    intro = [
        "Toderici et al. 2017 code binary codes with BinaryRNN, a recurrent network along rows. Here an integer "
        "network that sees 7x7 codes around, those of them that are known, is set against chances that adapt in "
        "contexts of the same place and its four neighbours. The network's chances adapt too, one for each of its 64 "
        "logits.",
        f"Codes of the Karhunen-Loeve transform that training begins with, {sizes.signs} a block and layer; network "
        f"trained on {learned} pictures for {steps} steps ({seconds:.0f} s of a processor core); means over {count} "
        "pictures, ideal code lengths of all layers so far, and what of the raw bits is saved.",
    ]
    notes = [f"Processor time of a layer: adaptive {spent['adaptive']:.3f} s, network {spent['network']:.3f} s."]
    data = {
        "study": "bit-planes",
        "date": now(),
        "machine": machine(),
        "versions": versions() | {"torch": torch.__version__},
        "steps": steps,
        "training_seconds": seconds,
        "pictures": count,
        "largest_partial_sums": bounds,
        "raw_bpp_a_layer": raw,
        "bpp": {name: found.tolist() for name, found in sums.items()},
        "seconds_a_layer": spent,
    }
    table = Table("Bits a pixel of binary codes", ("layers", "raw", "adaptive", "network"), lines)
    return Result("bit-planes", "Entropy coding of binary codes", intro, [table], notes, data)
