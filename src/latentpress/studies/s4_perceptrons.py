"""Perceptron codecs of Vilovic 2006, Rao 2010 and Dutta 2009: block sizes, ratios and transfer functions, measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentpress.bench.coders.pillow import decode_pillow
from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.metrics import bits_per_pixel, mse, psnr
from latentpress.studies.base import Request, Result, Table
from latentpress.studies.learning import SEEDS, fit, one_thread, spread
from latentpress.studies.s1_table1 import jpeg_near
from latentpress.systems.dbm_autoencoder.patches import collect, join, luma_of, split
from latentpress.training.data import Pictures, load_pictures

__all__ = ["Trial", "run", "study"]

_FORMS = ((4, 2), (4, 4), (8, 4), (8, 8), (8, 16), (16, 16), (16, 32))  # side of a block, hidden units
_COMPARED = (8, 16)
_FUNCTIONS: Mapping[str, Callable[[], nn.Module]] = {"logistic": nn.Sigmoid, "tanh": nn.Tanh, "linear": nn.Hardtanh}
_LEVELS = 256  # of a hidden unit: 8 bits, as the papers count
_BLOCKS = 50_000
_STEPS, _BATCH = 800, 256

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Trial:
    """Means over the test pictures. ``bpp``: 8 bits for each hidden unit. ``snr``, ``psnr`` in dB. ``gap``: largest
    difference of a picture's PSNR from 10 log10(255^2 / MSE).
    """

    block: int
    hidden: int
    function: str
    seed: int
    bpp: float
    mse: float
    psnr: float
    snr: float
    gap: float


class _Perceptron(nn.Module):
    """Blocks (B, pixels) of -0.5..0.5 through one hidden layer, quantised to 256 levels (with noise in training)."""

    def __init__(self, pixels: int, hidden: int, function: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.inner, self.outer = nn.Sequential(nn.Linear(pixels, hidden), function()), nn.Linear(hidden, pixels)
        self.width = (1.0 if function is nn.Sigmoid else 2.0) / (_LEVELS - 1)

    def forward(self, blocks: Tensor) -> Tensor:
        hidden = self.inner(blocks)
        if self.training:
            hidden = hidden + (torch.rand_like(hidden) - 0.5) * self.width
        else:
            hidden = torch.round(hidden / self.width) * self.width
        out: Tensor = self.outer(hidden)
        return out


def run(request: Request) -> Result:
    """The study, on one thread."""
    assert request.test is not None
    with one_thread():
        tested = [luma_of(read_pixels(path)) for path in find_pictures(request.test).values()]
        return study(load_pictures(list(request.data), 64), tested, _STEPS, SEEDS, request.say)


def study(
    pictures: Pictures, tested: Sequence[Pixels], steps: int, seeds: Sequence[int], say: Callable[[str], None]
) -> Result:
    """Every form with every seed; luma planes to measure on."""
    trials = []
    for seed in seeds:
        for side in sorted({block for block, _ in _FORMS}):
            blocks = torch.from_numpy(collect(pictures, side, _BLOCKS * 16 // side**2, seed)).float() / 255 - 0.5
            for form in (one for one in _FORMS if one[0] == side):
                functions = _FUNCTIONS if form == _COMPARED else ("logistic",)
                trials += [_trial(blocks, form, name, steps, seed, tested) for name in functions]
        say(f"seed {seed} done")
    return _result(trials, [_jpeg(tested, bpp) for bpp in sorted({one.bpp for one in trials})], len(tested), steps)


def _trial(
    blocks: Tensor, form: tuple[int, int], function: str, steps: int, seed: int, tested: Sequence[Pixels]
) -> Trial:
    side, hidden = form
    torch.manual_seed(seed)
    net = _Perceptron(side**2, hidden, _FUNCTIONS[function])
    fit(net, lambda chosen: (net(blocks[chosen]) - blocks[chosen]).square().mean(), len(blocks), steps, batch=_BATCH)
    rows = []
    for luma in tested:
        with torch.no_grad():
            out = 255 * (net(torch.from_numpy(split(luma, side)).float() / 255 - 0.5) + 0.5)
        result = join(out.round().clamp(0, 255).to(torch.uint8).numpy(), luma.shape[0], luma.shape[1], side)
        error, quality = mse(luma, result), psnr(luma, result)
        power = float(np.square(luma.astype(np.float64)).mean())
        gap = abs(quality - 10 * math.log10(255**2 / error))
        rows.append((error, quality, 10 * math.log10(power / error), gap))
    error, quality, snr = (float(np.mean([row[column] for row in rows])) for column in range(3))
    bpp, gap = 8 * hidden / side**2, max(row[3] for row in rows)
    return Trial(side, hidden, function, seed, bpp, error, quality, snr, gap)


def _jpeg(tested: Sequence[Pixels], bpp: float) -> tuple[float, float, float]:
    """Asked rate, mean rate and mean PSNR of gray JPEGs near it."""
    rows = []
    for luma in tested:
        data, _ = jpeg_near(luma, bpp)
        rows.append((bits_per_pixel(len(data), luma.shape[1], luma.shape[0]), psnr(luma, decode_pillow(data, "JPEG"))))
    rate, quality = np.mean(rows, axis=0)
    return bpp, float(rate), float(quality)


def _result(trials: Sequence[Trial], jpegs: Sequence[tuple[float, float, float]], count: int, steps: int) -> Result:
    near = {asked: (rate, quality) for asked, rate, quality in jpegs}
    rows = []
    for key in dict.fromkeys((one.block, one.hidden, one.function) for one in trials):
        found = [one for one in trials if (one.block, one.hidden, one.function) == key]
        side, hidden, function = key
        rows.append(
            (
                f"{side}x{side} - {hidden}",
                function,
                f"{side**2 / hidden:.0f} : 1",
                f"{found[0].bpp:.2f}",
                spread([one.mse for one in found], 1),
                spread([one.psnr for one in found]),
                spread([one.snr for one in found]),
                "{1:.2f} at {0:.2f}".format(*near[found[0].bpp]),
            )
        )
    gap = max(one.gap for one in trials)
    low, high = (pick(one.psnr for one in trials) for pick in (min, max))
    intro = [
        "Vilovic 2006, Rao 2010 and Dutta 2009 code pictures by a perceptron with a narrow hidden layer: what the "
        "hidden units say is what is stored. Kunwar and Alade 2023 report of Rao that PSNR stays the same for "
        "all compression "
        "ratios while the mean square error varies.",
        f"That cannot be: PSNR is 10 log10(255^2 / MSE). In all {len(trials)} networks here the two differ from that "
        f"formula by at most {gap:.0e} dB in any picture, and PSNR goes from {low:.1f} to {high:.1f} dB.",
        f"Luma of {count} pictures; one hidden layer of 8-bit units, {steps} steps of Adam on {_BATCH} blocks; means "
        f"over {len({one.seed for one in trials})} seeds with the standard deviation. Rates are those units "
        f"alone, as in "
        "the papers: no entropy coding.",
    ]
    notes = [
        "PSNR and MSE in one row are means over pictures, so they do not obey the formula together; those of each "
        "picture do.",
        "A reader may have meant that the signal-to-noise ratio was held fixed by choice. The survey does not say so.",
        "Transfer functions are compared for one form. A linear hidden layer (cut off at -1 and 1, so that 8 bits "
        "suffice) is a principal component analysis that back-propagation has to find.",
        "Dutta's psycho-visual weights and the papers' pictures are not known here, so none of their figures stands "
        "beside ours; the survey prints none.",
    ]
    data: dict[str, Any] = {
        "study": "s4-perceptrons",
        "date": now(),
        "machine": machine(),
        "versions": versions() | {"torch": torch.__version__},
        "steps": steps,
        "pictures": count,
        "trials": [asdict(one) for one in trials],
        "jpeg": [dict(zip(("asked_bpp", "bpp", "psnr"), one, strict=True)) for one in jpegs],
        "largest_gap_db": gap,
    }
    columns = ("block - units", "function", "ratio", "bpp", "MSE", "PSNR, dB", "SNR, dB", "gray JPEG: PSNR, dB, at bpp")
    table = Table("Perceptron codecs", columns, rows)
    return Result("s4-perceptrons", "Codecs of one hidden layer", intro, [table], notes, data)
