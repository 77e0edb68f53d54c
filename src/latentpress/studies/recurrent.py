"""The recurrent family: variants of the papers trained alike, and the areas and rates that their curves give."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress.bench.coders import get_coder
from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.codecs import get_codec
from latentpress.codecs.cutting import sizes_by_layer
from latentpress.errors import InvalidInputError, LatentPressError
from latentpress.image import Image
from latentpress.metrics import bd_rate, bits_per_pixel, measure, rd_area, similarity_db
from latentpress.studies.base import Request, Result, Table
from latentpress.training.data import load_pictures
from latentpress.training.export import export
from latentpress.training.plan import Plan, load_plan
from latentpress.training.run import train

__all__ = ["EXPERIMENTS", "Experiment", "Trial", "curve_of", "means_of", "study"]

_STEPS = 100
_EVERY = 8  # pictures that are measured: each eighth
_JPEG = (5, 10, 20, 35, 50, 70, 85, 93)
_QUALITIES = tuple(100 * number / 11 for number in range(12))  # as many bits as 1 to 12 layers of 12 have
_THUMBNAIL = 32

Pixels = NDArray[np.uint8]
Points = dict[str, list[float]]
"""``bpp`` and metrics, each a list in the order of the rates: means over pictures."""


@dataclass(frozen=True)
class Trial:
    """A shipped recipe by its name, with changed sizes and distortion; adaptive: a setting of the encoder."""

    recipe: str = "toderici-lstm"
    sizes: Mapping[str, Any] = field(default_factory=dict)
    distortion: str = ""
    adaptive: bool = False

    @property
    def key(self) -> tuple[Any, ...]:
        """Trials of one key share a network."""
        return self.recipe, tuple(self.sizes.items()), self.distortion

    def plan(self, steps: int, smaller: Mapping[str, int]) -> Plan:
        """What is trained."""
        plan = load_plan(self.recipe)
        objective = replace(plan.objective, distortion=self.distortion or plan.objective.distortion)
        schedule = replace(plan.schedule, steps=steps, by_clock=False, validate_every=steps)
        model = replace(plan.model, **{**self.sizes, **smaller})
        return replace(plan, model=model, schedule=schedule, more={"objective": objective})


@dataclass(frozen=True)
class Experiment:
    """trials by the name of their row; coders: of the benchmark, beside them; thumbnails: on pictures of 32x32."""

    title: str
    about: Sequence[str]
    trials: Mapping[str, Trial]
    coders: Sequence[str] = ("jpeg-420",)
    thumbnails: bool = False


_CELLS = {"LSTM": "lstm", "associative LSTM": "associative", "GRU": "gru", "GRU and ResNet": "residual-gru"}
_WAYS = ("one-shot", "additive", "scaled")

EXPERIMENTS: Mapping[str, Experiment] = {
    "toderici-2015": Experiment(
        "Binary codes of thumbnails",
        ["Toderici et al. 2016 code pictures of 32x32 pixels with 128 binary codes a layer, 0.125 bits a pixel."],
        {cell: Trial(f"toderici-2015-{cell}") for cell in ("dense", "convolution", "lstm")},
        (),
        thumbnails=True,
    ),
    "toderici-2017": Experiment(
        "Cells and reconstructions",
        ["Toderici et al. 2017 compare recurrent cells and ways to make a picture of codes by areas under curves."],
        {
            f"{cell}, {way}": Trial(sizes={"cell": id, "reconstruction": way})
            for cell, id in _CELLS.items() for way in _WAYS
        },
    ),
    "johnston-2018": Experiment(
        "Priming, loss and adaptive rate",
        [
            "Johnston et al. 2018 prime and diffuse the state, weight the loss by SSIM, and leave codes out where a "
            "tile is good enough."
        ],
        {
            name: Trial("toderici-johnston", sizes, loss, adaptive)
            for name, sizes, loss, adaptive in (
                ("plain, L1", {"priming": 0, "diffusion": 1}, "l1", False),
                ("SSIM-weighted L1", {"priming": 0, "diffusion": 1}, "", False),
                ("3-prime", {"diffusion": 1}, "", False),
                ("3-diffuse", {"priming": 0}, "", False),
                ("3-prime, 3-diffuse", {}, "", False),
                ("the same, adaptive rate", {}, "", True),
            )
        },
    ),
    "baig-2017": Experiment(
        "What a layer builds on",
        ["Baig et al. 2017 compare layers that predict the residual with layers that predict the picture."],
        {
            "incremental, residual to residual": Trial("toderici-baig-incremental"),
            "skip, residual to image": Trial("toderici-baig-skip"),
            "stateful, residual to image": Trial("toderici-baig-stateful"),
            "stateful, residual to residual": Trial("toderici-baig-inpainting", {"inpainting": False}),
            "the same with inpainting": Trial("toderici-baig-inpainting"),
        },
    ),
    "islam-2021": Experiment(
        "Divisive normalisation around recurrent cells",
        [
            "Islam et al. 2021 put GDN into the recurrent codec, and compare it with JPEG, WebP, BPG and Toderici's. "
            "HEIC stands in for BPG."
        ],
        {"GDN": Trial("toderici-islam"), "without": Trial("toderici-islam", {"normalisation": "none"})},
        ("jpeg-420", "webp", "heic-420"),
    ),
}  # fmt: skip


def run(name: str, request: Request) -> Result:
    """An experiment with all steps, on one thread."""
    torch.set_num_threads(1)
    assert request.test is not None
    tested = [read_pixels(path) for path in find_pictures(request.test).values()]
    return study(name, request, tested, _STEPS)


toderici_2015, toderici_2017, johnston_2018, baig_2017, islam_2021 = (partial(run, name) for name in EXPERIMENTS)


def study(
    name: str, request: Request, tested: Sequence[Pixels], steps: int, smaller: Mapping[str, int] | None = None
) -> Result:
    """Train every trial from the Karhunen-Loeve transform for so many steps; measure on each eighth of the pictures.
    smaller: sizes of all networks, for tests.
    """
    experiment, tested = EXPERIMENTS[name], tested[::_EVERY]
    if experiment.thumbnails:
        tested = [_thumbnail(pixels, _THUMBNAIL) for pixels in tested]
    curves: dict[str, Points] = {}
    with tempfile.TemporaryDirectory() as folder:
        data = [_shrunk(request.data, Path(folder) / "small")] if experiment.thumbnails else list(request.data)
        packages: dict[Any, Path] = {}
        for number, (row, trial) in enumerate(experiment.trials.items()):
            if trial.key not in packages:
                plan = trial.plan(steps, smaller or {})
                quiet: Callable[[str], None] = lambda line: None  # noqa: E731 - said once, below
                found = train(plan, data, run=Path(folder) / f"run-{number}", threads=1, report=quiet)
                packages[trial.key] = export(
                    found, Path(folder) / f"package-{number}", name=f"trial-{number}", data=data
                )
            codec = get_codec("toderici", model=str(packages[trial.key]), threads=1, adaptive=trial.adaptive)
            curves[row] = curve_of(codec, tested)
            request.say(f"{row}: " + _line(curves[row]))
    for id in experiment.coders:
        try:
            curves[id] = _coder_curve(id, tested)
        except LatentPressError as error:
            request.say(f"{id} is left out: {error}")
    return _result(name, experiment, curves, len(tested), steps)


def curve_of(codec: Any, pictures: Sequence[Pixels]) -> Points:
    """The layers of one file for each picture of a progressive codec; of an adaptive one files of several qualities."""
    return means_of([_points(codec, pixels) for pixels in pictures])


def _points(codec: Any, pixels: Pixels) -> list[dict[str, float]]:
    if codec.adaptive:
        files = [codec.encode(Image(pixels), quality) for quality in _QUALITIES]
        made, sizes = [codec.decode(data).pixels for data in files], [len(data) for data in files]
    else:
        data = codec.encode(Image(pixels), 100)
        made, sizes = list(layers_of_file(codec, data)), sizes_by_layer(data)
    return [_point(pixels, picture, size, pixels.shape) for picture, size in zip(made, sizes, strict=True)]


def layers_of_file(codec: Any, data: bytes) -> Iterator[Pixels]:
    """The picture (H, W, 3) after each layer of a file of one tile, 8 bits."""
    header, _, decoding = codec.opened(data)
    values = decoding.tile(0).values
    for planes in decoding.model.pictures(values, header.rate):
        grey = np.clip(np.rint(planes), 0, 255).astype(np.uint8).transpose(1, 2, 0)
        yield np.ascontiguousarray(grey[: header.height, : header.width])


def _coder_curve(id: str, pictures: Sequence[Pixels]) -> Points:
    coder = get_coder(id)
    qualities = _JPEG if id.startswith("jpeg") else coder.qualities
    return means_of(
        [
            [
                _point(pixels, coder.decode(data), len(data), pixels.shape)
                for data in (coder.encode(pixels, quality) for quality in qualities)
            ]
            for pixels in pictures
        ]
    )  # fmt: skip


def _point(pixels: Pixels, made: Pixels, size: int, shape: tuple[int, ...]) -> dict[str, float]:
    names = ("psnr", "ms-ssim", "psnr-hvs") if min(shape[:2]) > 160 else ("psnr", "ssim")
    return {"bpp": bits_per_pixel(size, shape[1], shape[0])} | measure(pixels, made, names)


def means_of(rows: Sequence[Sequence[Mapping[str, float]]]) -> Points:
    """Means over pictures, of which each has a row of points."""
    return {key: [float(np.mean([row[n][key] for row in rows])) for n in range(len(rows[0]))] for key in rows[0][0]}


def _line(points: Points) -> str:
    return ", ".join(f"{bpp:.3f} bpp {psnr:.2f} dB" for bpp, psnr in zip(points["bpp"], points["psnr"], strict=True))


def _shrunk(data: Sequence[Path], folder: Path) -> Path:
    """Pictures of 64x64 pixels, thumbnails of all of those in the folders."""
    folder.mkdir()
    for number, pixels in enumerate(load_pictures(data, 2 * _THUMBNAIL)):
        PillowImage.fromarray(_thumbnail(pixels, 2 * _THUMBNAIL)).save(folder / f"{number}.png")
    return folder


def _thumbnail(pixels: Pixels, side: int) -> Pixels:
    return np.asarray(PillowImage.fromarray(pixels).convert("RGB").resize((side, side), PillowImage.Resampling.BOX))


def _result(name: str, experiment: Experiment, curves: Mapping[str, Points], count: int, steps: int) -> Result:
    first = next(iter(curves.values()))
    metrics = [key for key in first if key != "bpp"]
    ours = [curves[row]["bpp"] for row in experiment.trials]
    start, end = max(rates[0] for rates in ours), min(min(rates[-1] for rates in ours), 2.0)
    figures = {row: _figures(points, metrics, (start, end), curves.get("jpeg-420")) for row, points in curves.items()}
    columns = list(next(iter(figures.values())))
    rows = [(row, *(_cell(found[key]) for key in columns)) for row, found in figures.items()]
    intro = [
        *experiment.about,
        f"Each network was trained for {steps} steps, about a minute of one processor core, from the Karhunen-Loeve "
        "transform of the training pictures; the papers' were trained for days. What differs is small for that reason, "
        "and says little about what the papers' networks would do.",
        f"Means over {count} pictures, whole files. Areas (AUC) are those under the curve from {start:.3f} to "
        f"{end:.3f} bits a pixel, which all curves cover.",
    ]
    notes = [
        "BD-rates are against JPEG 4:2:0 of Pillow over the range of quality that both curves cover.",
        "Points at which more bits gave no more quality are left out of a curve.",
    ]
    data = {
        "study": name,
        "date": now(),
        "machine": machine(),
        "versions": versions() | {"torch": torch.__version__},
        "steps": steps,
        "pictures": count,
        "range": [start, end],
        "curves": {row: dict(points) for row, points in curves.items()},
        "figures": figures,
    }
    table = Table(experiment.title, ("", *columns), rows)
    return Result(name, experiment.title, intro, [table], notes, data)


def _figures(
    points: Points, metrics: Sequence[str], bounds: tuple[float, float], jpeg: Points | None
) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for metric in metrics:
        found[f"AUC {metric}"] = _area(*_rising(points, metric), *bounds)
    for metric in metrics if jpeg else ():
        found[f"BD {metric}, %"] = _bd(jpeg or {}, points, metric)
    return found


def _area(rates: Sequence[float], quality: Sequence[float], low: float, high: float) -> float | None:
    """The area under a curve; None if it begins above the range."""
    if rates[0] > low:
        return None
    # beyond its last point a progressive file stays as good as it is
    return rd_area([*rates, max(high, rates[-1]) + 1e-6], [*quality, quality[-1] + 1e-6], low, high).area


def _bd(anchor: Points, points: Points, metric: str) -> float | None:
    """BD-rate in per cent; None for curves that do not meet."""
    (rates, quality), (ours, reached) = _rising(anchor, metric), _rising(points, metric)
    if metric == "ms-ssim":
        quality, reached = ([similarity_db(value) for value in one] for one in (quality, reached))
    try:
        return bd_rate(rates, quality, ours, reached).percent
    except InvalidInputError:
        return None


def _rising(points: Points, metric: str) -> tuple[list[float], list[float]]:
    """Rates and qualities without the points at which more bits gave no more quality."""
    rates, quality = [points["bpp"][0]], [points[metric][0]]
    for rate, value in zip(points["bpp"], points[metric], strict=True):
        if rate > rates[-1] and value > quality[-1]:
            rates.append(rate)
            quality.append(value)
    return rates, quality


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
