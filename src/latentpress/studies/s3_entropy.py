"""Entropy models on one set of latents: what their files weigh. benchmarks/entropy_models.py has the times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.codecs.base import Codec
from latentpress.codecs.registry import get_codec
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.metrics import psnr
from latentpress.models import installed_models
from latentpress.studies.base import Request, Result, Table
from latentpress.systems.entropy_models import PACKAGES

__all__ = ["run", "study"]

_CODEC, _BASE = "entropy-models", "mean-scale"
_QUALITIES = (0, 50, 100)
_EVERY = 4  # pictures
_CROP = 128  # pixels of a side, for the other engine
_BAR = 40  # signs of the longest bar

Pixels = NDArray[np.uint8]


def run(request: Request) -> Result:
    """Do the study with every entropy model that is installed."""
    if len(request.data) != 1:
        raise InvalidInputError("s3-entropy takes one --data folder: pictures such as the Kodak set")
    pictures = [read_pixels(path) for path in list(find_pictures(request.data[0]).values())[::_EVERY]]
    here = {one.name for one in installed_models(_CODEC)}
    codecs = {kind: get_codec(_CODEC, model=name, threads=1) for kind, name in PACKAGES.items() if name in here}
    if _BASE not in codecs:
        raise InvalidInputError(f"s3-entropy compares with {PACKAGES[_BASE]}, which is not installed")
    return study(pictures, codecs, _QUALITIES, request)


def study(
    pictures: Sequence[Pixels], codecs: Mapping[str, Codec], qualities: Sequence[int], request: Request
) -> Result:
    """Bytes of whole files by kind of entropy model and quality; of a part of the first picture, whether all decode to
    the same integers with either engine and any threads.
    """
    found: dict[str, dict[str, Any]] = {}
    size = sum(one.shape[0] * one.shape[1] for one in pictures)
    exact = set()
    for name, codec in codecs.items():
        rates = []
        for quality in qualities:
            files = [codec.encode(Image(pixels), quality) for pixels in pictures]
            rates.append(8 * sum(map(len, files)) / size)
            request.say(f"{name}, quality {quality}: {rates[-1]:.4f} bpp")
        part = codec.encode(Image(pictures[0][:_CROP, :_CROP].copy()), qualities[-1])
        others = ({"threads": 2}, {"engine": "torch"}, {"engine": "torch", "dtype": "float64"})
        exact |= {
            codec.exact(part),
            *(get_codec(_CODEC, model=codec.config()["model"], **other).exact(part) for other in others),
        }
        found[name] = {"bpp": rates} | _facts(codec, pictures[0])
    base = codecs[_BASE]
    shown = [
        float(np.mean([psnr(pixels, base.decode(base.encode(Image(pixels), quality)).pixels) for pixels in pictures]))
        for quality in qualities
    ]
    return _result(found, qualities, len(pictures), pictures[0].shape, len(exact) == 1, shown)


def _facts(codec: Any, pixels: Pixels) -> dict[str, Any]:
    model = codec.model
    card = model.package.card["complexity"]
    height, width = (-(-side // model.stride) for side in pixels.shape[:2])
    return {
        "passes": model.walk.passes(height, width),
        "parameters": card["parameters"],
        "package_bytes": card["package_bytes"],
        "kmac_per_pixel": card["kmac_per_pixel"]["decoder"],
        "steps": model.package.card["training"]["steps"],
        "model": model.package.id.hex(),
    }


def _result(
    found: Mapping[str, Mapping[str, Any]],
    qualities: Sequence[int],
    count: int,
    shape: Sequence[int],
    same: bool,
    shown: Sequence[float],
) -> Result:
    base = np.array(found[_BASE]["bpp"])
    over = {name: float(np.mean(np.array(one["bpp"]) / base - 1)) for name, one in found.items()}
    order = sorted(found, key=over.__getitem__)
    rows = []
    for name in order:
        one = found[name]
        rows.append((
            name, *(f"{rate:.3f}" for rate in one["bpp"]),
            f"{100 * over[name]:+.1f} %", str(one["passes"]),
            f"{one['parameters']:,}", f"{one['package_bytes'] / 1000:.0f}",
        ))  # fmt: skip
    columns = (
        "model",
        *(f"bpp at {one}" for one in qualities),
        "over mean-scale",
        "passes",
        "parameters",
        "kB",
    )
    longest = max(float(np.mean(one["bpp"])) for one in found.values())
    bars = [(name, "█" * round(_BAR * float(np.mean(found[name]["bpp"])) / longest)) for name in order]
    intro = [
        "The entropy models of the papers on the latents of one autoencoder (factorised-1, its first 96 channels): the "
        "transforms, the rounding and so the pictures are the same for all of them; what differs is the bytes.",
        f"Bits a pixel of whole files, {count} pictures together, at qualities {', '.join(map(str, qualities))}. "
        f"Passes are those of a picture of {shape[1]}x{shape[0]}.",
        f"PSNR of them all: {', '.join(f'{one:.2f}' for one in shown)} dB.",
        "All models, with ONNX Runtime and with torch in both precisions, decode a part of the first picture to the "
        "same integers."
        if same
        else "The models do not decode to the same integers: one of them is broken.",
    ]
    notes = [
        "Passes: how many times networks wait for decoded latents. Parameters: all that was trained, those of the "
        "encoder too; kB: the package without the transforms.",
        "The latents come from an autoencoder that was trained with a factorised model. An encoder that is trained "
        "with a better model makes use of it, so figures of papers differ.",
        "Models were trained for minutes on one core of a CPU; see the cards of the packages.",
    ]
    data = {
        "study": "s3-entropy",
        "date": now(),
        "machine": machine(),
        "versions": versions(),
        "pictures": count,
        "qualities": list(qualities),
        "psnr": list(shown),
        "same_integers": same,
        "models": {name: dict(one) | {"over_mean_scale": over[name]} for name, one in found.items()},
    }
    tables = [Table("Files and decoding", columns, rows), Table("Mean of the bits a pixel", ("model", "bar"), bars)]
    return Result("s3-entropy", "Entropy models on one set of latents", intro, tables, notes, data)
