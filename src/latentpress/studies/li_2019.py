"""S. Li 2019, row [28] of the survey S0: coding in the manner of SPIHT, with contexts that a network makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.codecs import get_codec
from latentpress.codecs.planes import to_planes
from latentpress.codecs.ports import Pricing
from latentpress.codecs.trees import Trees
from latentpress.codecs.zerotrees import LAYERS, LEVELS, TOP
from latentpress.image import Image
from latentpress.metrics import psnr
from latentpress.metrics.bd import bd_rate
from latentpress.parts.integer import FEATURE_BITS, set_integer
from latentpress.studies.base import Request, Result, Table
from latentpress.studies.learning import fit, one_thread
from latentpress.systems.filter_bank.net import Significance
from latentpress.systems.filter_bank.seeing import Listening, Seeing
from latentpress.systems.spiht.codec import SpihtCodec, SpihtModel
from latentpress.training.data import Pictures, load_pictures
from latentpress.training.exactness import prove_exact
from latentpress.transforms.bands import Gathered

__all__ = ["run", "study", "with_files"]

_PICTURES, _SIDE = 12, 256  # to learn from
_KEPT = 30000  # coefficients of each of them
_STEPS, _BATCH = 4000, 4096
_EVERY, _PART = 4, (384, 512)  # of the pictures to measure on, and what is taken of each
_SHOWN = (4, 7, 9, 11, 13, 15)  # layers
_CODECS = ("spiht", "filter-bank")

Pixels = NDArray[np.uint8]


class _Priced(Pricing):
    """Bits, those of single coefficients apart, and how many there would be without an entropy coder."""

    def __init__(self) -> None:
        super().__init__()
        self.significance, self.raw = 0.0, 0

    def _take_bits(self, bits: Any, index: Any, chances: Any, name: str) -> None:
        before = self.total
        super()._take_bits(bits, index, chances, name)
        self.significance += (self.total - before) * (name == "significance")
        self.raw += len(index)


def run(request: Request) -> Result:
    """The study, on one thread."""
    assert request.test is not None
    with one_thread():
        tested = [read_pixels(path) for path in list(find_pictures(request.test).values())[::_EVERY]]
        learned = load_pictures(list(request.data), _SIDE)
        chosen = learned[:: max(1, len(learned) // _PICTURES)][:_PICTURES]
        return with_files(study(chosen, tested, _STEPS, request), tested, request)


def study(pictures: Pictures, tested: Sequence[Pixels], steps: int, request: Request) -> Result:
    """A network that learns from some pictures, and files of others with its contexts and with those of rules."""
    torch.manual_seed(0)
    seen, hit = _heard(pictures)
    net = Significance()

    def loss(numbers: Tensor) -> Tensor:
        features = seen[numbers].float() * 2.0**-FEATURE_BITS
        logits = net(features.T[None, :, :, None])[0, 0, :, 0]
        return F.binary_cross_entropy_with_logits(logits, hit[numbers])

    seconds = fit(net, loss, len(seen), steps, batch=min(_BATCH, len(seen)))
    bounds = prove_exact(net)
    set_integer(net, True)
    rows: dict[str, list[list[tuple[float, ...]]]] = {"rules": [], "network": []}
    for pixels in tested:
        bands, shapes = _bands(pixels[: _PART[0], : _PART[1]])
        count = pixels[: _PART[0], : _PART[1], 0].size
        rows["rules"].append(_bits(Trees(shapes, TOP), bands, count))
        rows["network"].append(_bits(Seeing(shapes, TOP, _running(net)), bands, count))
        request.say(", ".join(f"{name} {found[-1][-1][0]:.3f} bpp" for name, found in rows.items()))
    return _result({name: np.mean(found, axis=0) for name, found in rows.items()}, len(pictures), len(tested), steps,
                   seconds, bounds)  # fmt: skip


def _running(net: Significance) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The network as `Seeing` runs it."""

    @torch.no_grad()
    def run(features: NDArray[np.float32]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = net(torch.from_numpy(features)).numpy()
        return logits

    return run


def with_files(result: Result, tested: Sequence[Pixels], request: Request) -> Result:
    """The study and, beside it, whole files of spiht and of filter-bank, with as many layers."""
    rows: dict[str, list[list[tuple[float, float]]]] = {}
    for id in _CODECS:
        codec = get_codec(id, threads=1)
        for pixels in tested:
            part = pixels[: _PART[0], : _PART[1]]
            files = [codec.encode(Image(part), 100 * (layers - 1) / (len(LAYERS) - 1)) for layers in _SHOWN]
            points = [(8 * len(data) / part[..., 0].size, psnr(part, codec.decode(data).pixels)) for data in files]
            rows.setdefault(id, []).append(points)
        request.say(f"files of {id}")
    curves = [np.mean(rows[id], axis=0) for id in _CODECS]
    saved = bd_rate(*(curve[:, column] for curve in curves for column in (0, 1))).percent
    lines = [
        (
            str(layers),
            *(f"{number:.{digits}f}" for point in points for number, digits in zip(point, (4, 2), strict=True)),
        )
        for layers, *points in zip(_SHOWN, *curves, strict=True)
    ]
    columns = ("layers", *(f"{id}, {unit}" for id in _CODECS for unit in ("bpp", "PSNR (dB)")))
    note = (
        f"filter-bank is the codec: networks foretell the details of the 9/7 wavelet from its coarse picture, and "
        f"contexts are a network's. BD-rate of its mean curve against that of spiht: {saved:.1f} %."
    )
    found = {"bd_rate": saved, "points": {id: curve.tolist() for id, curve in zip(_CODECS, curves, strict=True)}}
    tables = [*result.tables, Table("Whole files", columns, lines)]
    return replace(result, tables=tables, notes=[*result.notes, note], data=result.data | {"files": found})


def _heard(pictures: Pictures) -> tuple[Tensor, Tensor]:
    """Features of coefficients of pictures, and whether each was significant."""
    rng, parts = np.random.default_rng(0), []
    for picture in pictures:
        bands, shapes = _bands(picture[:_SIDE, :_SIDE])
        trees = Listening(shapes, TOP, bands)
        _bits(trees, bands, 1)
        seen, hit = (np.concatenate(one) for one in zip(*trees.heard, strict=True))
        kept = rng.choice(len(seen), min(_KEPT, len(seen)), replace=False)
        parts.append((seen[kept], hit[kept]))
    seen, hit = (np.concatenate(one) for one in zip(*parts, strict=True))
    return torch.from_numpy(seen), torch.from_numpy(hit).float()


def _bands(pixels: Pixels) -> tuple[list[NDArray[np.int32]], list[tuple[int, ...]]]:
    """Coefficients in half grey levels, and their shapes."""
    latents = SpihtCodec(threads=1).model.stages().forward(to_planes(pixels, SpihtModel.stride)[0])
    gathered = Gathered(3, LEVELS)
    return [np.trunc(band).astype(np.int32) for band in gathered.inverse(latents)], gathered.shapes(*latents.shape[1:])


def _bits(trees: Trees, bands: list[NDArray[np.int32]], pixels: int) -> list[tuple[float, ...]]:
    """Bits a pixel up to each layer, as an ideal coder spends them: all, those of single coefficients, and all raw."""
    port = _Priced()
    found: list[tuple[float, ...]] = []
    for layer in LAYERS:
        for coded, plane in layer:
            coded(trees, port, plane, bands)
        found.append((port.total / pixels, port.significance / pixels, port.raw / pixels))
    return found


def _result(
    means: dict[str, NDArray[np.float64]], learned: int, tested: int, steps: int, seconds: float, bounds: dict[str, int]
) -> Result:
    rules, network = means["rules"], means["network"]
    saved = 100 * (1 - network[:, :2] / rules[:, :2])
    gains = [100 * (1 - found[:, 0] / found[:, 2]) for found in (rules, network)]
    lines = []
    for layers in _SHOWN:
        n = layers - 1
        bits = (f"{found:.4f}" for found in (rules[n, 2], rules[n, 0], network[n, 0]))
        shares = (f"{found[n]:.2f} %" for found in (*gains, saved[:, 0], saved[:, 1]))
        lines.append((str(layers), *bits, *shares))
    intro = [
        "S. Li et al. 2019 code the sub-bands of a learned filter bank by zerotrees, with contexts that a network "
        "makes of scale, direction, place and what is significant around; a gain of 16.24 % is printed. Here the "
        "trees are those of spiht, on its 9/7 wavelet. Whether a single coefficient is significant is coded in "
        "contexts by rules, as spiht has them, or by an integer network of two hidden layers of 32 units, each of "
        "whose 64 logits has a chance that adapts. All else, and so the picture, is the same.",
        f"Network trained on {learned} photographs for {steps} steps ({seconds:.0f} s of a processor core); means over "
        f"{tested} pictures, ideal code lengths up to some of the 20 layers.",
    ]
    columns = (
        "layers", "no entropy coder, bpp", "rules, bpp", "network, bpp", "rules save", "network saves",
        "network against rules", "the same of single coefficients' bits",
    )  # fmt: skip
    data = {
        "study": "li-2019",
        "date": now(),
        "machine": machine(),
        "versions": versions() | {"torch": torch.__version__},
        "steps": steps,
        "training_seconds": seconds,
        "pictures": tested,
        "largest_partial_sums": bounds,
        "bpp": {name: found[:, 0].tolist() for name, found in means.items()},
        "significance_bpp": {name: found[:, 1].tolist() for name, found in means.items()},
        "raw_bpp": rules[:, 2].tolist(),
        "saved_percent": {"rules": gains[0].tolist(), "network": gains[1].tolist(), "over_rules": saved[:, 0].tolist()},
    }
    notes = [
        "Signs, sets and refinement are coded as before. The source does not say in its abstract what its gain is "
        "measured against; SPIHT of 1996 can do without an entropy coder.",
    ]
    return Result("li-2019", "Zerotrees with contexts by a network", intro, [Table("Bits a pixel", columns, lines)],
                  notes, data)  # fmt: skip
