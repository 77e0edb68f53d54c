"""A small benchmark and its report: two pictures, one coder that browsers read, one that they do not, one lossless."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentpress.bench.coders import get_coder
from latentpress.bench.pictures import describe_pictures, find_pictures
from latentpress.bench.report import Target, write_report
from latentpress.bench.results import CoderInfo, Header, Point, Run, in_order
from latentpress.bench.summary import summarise
from latentpress.image import Image, write
from latentpress.metrics import measure

# A name that would break out of HTML, of a script and of an attribute.
EVIL = "</script><img src=x onerror=alert(1)>'\"&amp; é"
CODERS = {"jpeg-420": (10.0, 30.0, 60.0, 90.0), "jpeg2000": (0.2, 0.5, 1.0, 2.0), "png": (100.0,)}
TARGETS = (Target("bpp", 0.5), Target("psnr", 32.0))


@dataclass(frozen=True)
class Bench:
    """A run, its summary, its pictures by name."""

    run: Run
    summary: dict[str, Any]
    pictures: dict[str, Path]


def scene(seed: int, height: int = 176, width: int = 200) -> NDArray[np.uint8]:
    """An edge and noise whose power falls with its frequency, as a photograph's: RGB, large enough for MS-SSIM."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
    falling = 1 / (0.01 + np.hypot(x, y)) ** 1.3
    noise = np.fft.ifft2(np.fft.fft2(rng.normal(size=(3, height, width))) * falling).real
    noise = noise[:1] + 0.15 * noise  # mostly brightness
    edge = 60 * (np.add.outer(np.arange(height), np.arange(width)) > width)
    return np.clip(100 + 45 * noise / noise.std() + edge, 0, 255).astype(np.uint8).transpose(1, 2, 0).copy()


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A run of real coders on two pictures, one of a wicked name."""
    pytest.importorskip("scipy")
    folder = tmp_path_factory.mktemp("set")
    for seed, name in enumerate(("first", "second"), 1):
        write(Image(scene(seed)), folder / f"{name}.png")
    found = find_pictures(folder)
    pictures = {"first": found["first"], EVIL: found["second"]}
    coders, points = {}, []
    for id, qualities in CODERS.items():
        coder = get_coder(id)
        coders[id] = CoderInfo(coder.settings(), coder.versions(), coder.lossless, coder.quality_name, qualities)
        for seed, name in enumerate(pictures, 1):
            for quality in qualities:
                data = coder.encode(scene(seed), quality)
                metrics = {} if coder.lossless else measure(scene(seed), coder.decode(data), ["psnr", "ms-ssim"])
                points.append(Point(id, name, quality, len(data), 8 * len(data) / (176 * 200), dict(metrics)))
    header = Header(
        "2026-01-02T03:04:05+00:00",
        {"cpu": "a processor", "cores": 2, "system": "a system"},
        {"python": "3"},
        "a <b>set</b>",
        describe_pictures(pictures),
        ("psnr", "ms-ssim"),
        coders,
        {"vvc": "not <here>"},
    )
    run = Run(header, in_order(header, points))
    summary = summarise(run, "jpeg-420")
    for place, coder in enumerate(summary["coders"].values(), 1):
        coder["encode_seconds"], coder["decode_seconds"] = 0.02 * place, 0.01 / place
    bd = {"of_mean_curve": -12.5, "overlap": [30.0, 35.0], "warnings": []}
    summary["published"] = [
        {"name": "a <published> curve", "source": "a paper", "points": [[0.4, 26.0], [0.8, 30.0]], "bd_rate": bd}
    ]
    return Bench(run, summary, pictures)


@pytest.fixture(scope="session")
def report(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(bench.run, bench.summary, bench.pictures, path, targets=TARGETS)
    return path


@pytest.fixture(scope="session")
def original() -> NDArray[np.uint8]:
    """The pixels of the picture called first."""
    return scene(1)
