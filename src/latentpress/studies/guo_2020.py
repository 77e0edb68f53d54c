"""Guo 2020, row [30] of the survey S0: scans of the retina in a 20th to a 160th of their bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from latentpress.bench.machine import machine, now, versions
from latentpress.codecs import get_codec
from latentpress.codecs.base import Codec
from latentpress.codecs.targets import Bpp, encode_to_target
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.metrics import ms_ssim, psnr
from latentpress.progress import steps
from latentpress.studies.base import Request, Result, Table
from latentpress.studies.lee import despeckled
from latentpress.studies.s1_table1 import jpeg_near
from latentpress.studies.scans import Scan, drawn_scan
from latentpress.systems.retina.codec import TissueCodec

__all__ = ["FOLDS", "run"]

FOLDS = (20, 40, 80, 160)
"""Ratios of bytes, 8 bits a sample before."""

_SCANS = 6
_CODERS = ("retina", "its network on all rows", "a filter, then hyperprior", "hyperprior", "JPEG")


def run(request: Request, count: int = _SCANS) -> Result:
    """Do the study on ``count`` drawn scans."""
    rows: dict[str, dict[int, list[list[float]]]] = {name: {fold: [] for fold in FOLDS} for name in _CODERS}
    for number in steps(range(count), count):
        scan = drawn_scan(number)
        for fold in FOLDS:
            for name, coder in _coders().items():
                rows[name][fold].append(_measured(scan, *coder(scan.seen, 8 / fold)))
        request.say(f"scan {number + 1} of {count}")
    means = {
        name: {str(fold): np.mean(found, axis=0).tolist() for fold, found in folds.items()}
        for name, folds in rows.items()
    }
    return _result(means, count)


def _coders() -> dict[str, Callable[[Any, float], tuple[int, Any]]]:
    """Functions of a scan and bits a pixel that give bytes and the picture."""

    def ours(codec: Codec) -> Callable[[Any, float], tuple[int, Any]]:
        def code(seen: Any, rate: float) -> tuple[int, Any]:
            image = Image(seen[:, :, None])
            try:
                data = encode_to_target(codec, image, Bpp(rate)).data
            except InvalidInputError:  # no file of it is so small, or so large
                data = codec.encode(image, 100)
                if 8 * len(data) > rate * seen.size:
                    data = codec.encode(image, 0)
            return len(data), codec.decode(data).pixels[:, :, 0]

        return code

    def filtered(seen: Any, rate: float) -> tuple[int, Any]:
        return rows(np.clip(np.rint(despeckled(seen.astype(np.float64))), 0, 255).astype(np.uint8), rate)

    def jpeg(seen: Any, rate: float) -> tuple[int, Any]:
        data, _ = jpeg_near(seen, rate)
        return len(data), np.asarray(PillowImage.open(io.BytesIO(data)))

    rows, plain = ours(get_codec("retina", threads=1, despeckle=False)), ours(get_codec("hyperprior", threads=1))
    coders = ours(get_codec("retina", threads=1)), ours(TissueCodec(threads=1)), filtered, plain, jpeg
    return dict(zip(_CODERS, coders, strict=True))


def _measured(scan: Scan, size: int, shown: Any) -> list[float]:
    """Ratio of bytes, MS-SSIM and PSNR to the scan without speckle, MS-SSIM to the scan as it is seen."""
    return [scan.seen.size / size, ms_ssim(scan.clean, shown), psnr(scan.clean, shown), ms_ssim(scan.seen, shown)]


def _result(means: dict[str, dict[str, list[float]]], count: int) -> Result:
    lines = [
        (name, f"{found[0]:.1f}", f"{found[1]:.4f}", f"{found[2]:.2f}", f"{found[3]:.4f}")
        for fold in map(str, FOLDS)
        for name, folds in means.items()
        for found in [folds[fold]]
    ]
    intro = [
        "Guo et al. 2020 compress scans of the retina 40-fold at an MS-SSIM of over 99 %, and up to 80-fold. Their "
        "scans are not at hand, so scans are drawn: ten layers with a fovea, vessels that cast shadows, light that "
        "falls off with depth, speckle of three looks. What is below the speckle is known, so a codec can be asked how "
        f"much of that it keeps. {count} scans of 768x496, whole files, means.",
    ]
    notes = [
        "The network of retina learned from other scans that the same program drew (benchmarks/scans.py), with speckle "
        "of up to the same strength; these six it has never seen. All rows: without the search for rows of tissue. The "
        "filter is Lee's of 1980 over 7x7 samples, a rule, before rows of tissue go to hyperprior.",
        "JPEG is Pillow's gray, of the quality nearest to the rate. Where a ratio is far from what was asked, the "
        "coder makes no nearer file.",
        "Drawn scans are simpler than real ones, and a network that has learned how they are drawn gains more on them "
        "than it would on real ones. The survey's row says 40 % and 80 % where its source says 40-fold and "
        "80-fold.",
    ]
    columns = ("coder", "ratio", "MS-SSIM to the clean scan", "PSNR to it (dB)", "MS-SSIM to the scan with speckle")
    data = {"study": "guo-2020", "date": now(), "machine": machine(), "versions": versions(), "scans": count}
    return Result(
        "guo-2020",
        "Scans of the retina in a 40th of their bytes",
        intro,
        [Table("Files of a 20th to a 160th", columns, lines)],
        notes,
        data | {"columns": ["ratio", "ms_ssim_clean", "psnr_clean", "ms_ssim_seen"], "means": means},
    )
