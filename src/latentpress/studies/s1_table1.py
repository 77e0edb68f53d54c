"""Table 1 of Lee and Kim 2023 so that it says something: every system on the same pictures at the same rate."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from latentpress.bench.coders import get_coder
from latentpress.bench.coders.base import Pixels
from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.codecs.registry import get_codec
from latentpress.codecs.targets import Bpp, encode_to_target
from latentpress.errors import InvalidInputError, LatentPressError
from latentpress.image import Image
from latentpress.metrics import bits_per_pixel, measure, psnr_s1
from latentpress.progress import steps
from latentpress.restoration import Restorer, restore
from latentpress.studies.base import Request, Result, Table
from latentpress.studies.s1_printed import PRINTED, correlation, printed

__all__ = ["PICTURES", "RATES", "Row", "check_row", "jpeg_near", "run"]

PICTURES: Mapping[str, tuple[str, str]] = {
    "Lighthouse": ("kodim19", "a lighthouse behind a picket fence"),
    "Sherlock": ("kodim23", "the heads of two macaws: animals, close, before a blurred background"),
    "Office": ("kodim01", "the front of a house: the set has no interior; straight edges, windows"),
    "Yellow Lily": ("kodim07", "flowers before a window"),
    "Indian Corn": ("kodim05", "motorcyclists in a row: small, many-coloured parts everywhere"),
    "Lama": ("kodim15", "a child's head, close: hair and wool; the set has no other animal"),
}
"""The paper's pictures, each with the Kodak picture that stands for it and why."""

RATES = (0.3, 0.75)
"""Bits a pixel. At 0.25 JPEG would need qualities below 5 on two of the pictures, which its restorer never saw."""

_METRICS = ("psnr", "rmse", "ssim", "ms-ssim")
_RESTORER = "restore-1"  # the CAS-CNN, as in the paper
_JPEG, _RESTORED = "JPEG", "JPEG + restore"
_CODECS = ("importance-map", "hyperprior")
_LOSSLESS = ("png", "webp-lossless", "mlp-lossless")
_PRINTED_AS = {"importance-map": "AE", _RESTORED: "CNN"}
_SAME = 1e-9


@dataclass(frozen=True)
class Row:
    """One system on one picture at one rate: ``picture`` by the paper's name; ``bpp`` of the whole file; ``quality`` of
    the encoder; ``equation_5``: the paper's wrong PSNR."""

    system: str
    picture: str
    rate: float
    bpp: float
    quality: float
    psnr: float
    rmse: float
    ssim: float
    ms_ssim: float
    equation_5: float


def run(request: Request) -> Result:
    """Do the study. Raises InvalidInputError if a Kodak picture is missing."""
    if len(request.data) != 1:
        raise InvalidInputError("s1-table1 takes one --data folder: that of the Kodak pictures")
    originals = _originals(request)
    restorer = Restorer(model=_RESTORER, threads=1)
    rows: list[Row] = []
    missing: dict[str, str] = {}
    for picture, pixels in steps(originals.items(), len(originals)):
        for rate in steps(RATES, len(RATES)):
            found, problems = _measure(picture, pixels, rate, restorer)
            rows += found
            missing |= problems
            request.say(f"{picture}, {rate} bpp: " + ", ".join(f"{row.system} {row.psnr:.2f} dB" for row in found))
    lossless = {picture: _lossless(pixels) for picture, pixels in originals.items()}
    return _result(rows, lossless, missing, restorer.package.name)


def check_row(row: Row) -> Row:
    """The row itself. Raises ArithmeticError unless PSNR = 20 log10(255 / RMSE) in it."""
    wanted = 20 * math.log10(255 / row.rmse) if row.rmse else math.inf
    if not math.isclose(row.psnr, wanted, rel_tol=_SAME):
        raise ArithmeticError(f"{row.system} on {row.picture}: PSNR {row.psnr} and RMSE {row.rmse} contradict")
    return row


def jpeg_near(pixels: Pixels, bpp: float) -> tuple[bytes, int]:
    """Pillow's JPEG (4:2:0; gray for (H, W)) of the whole quality 1..95 whose rate is nearest to ``bpp``; bisection."""
    low, high = 1, 95
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _rate(pixels, _jpeg(pixels, middle)) > bpp else (middle, high)
    near = min((low, high), key=lambda quality: abs(math.log(_rate(pixels, _jpeg(pixels, quality)) / bpp)))
    return _jpeg(pixels, near), near


def _originals(request: Request) -> dict[str, Pixels]:
    files = find_pictures(request.data[0])
    lacking = [name for name, _ in PICTURES.values() if name not in files]
    if lacking:
        raise InvalidInputError(f"{request.data[0]} lacks {lacking[0]}.png: s1-table1 needs the Kodak pictures")
    return {picture: read_pixels(files[name]) for picture, (name, _) in PICTURES.items()}


def _measure(picture: str, pixels: Pixels, rate: float, restorer: Restorer) -> tuple[list[Row], dict[str, str]]:
    """Every system at the rate of the JPEG nearest to ``rate``; what could not be used, with the reason."""
    data, quality = jpeg_near(pixels, rate)
    bpp = _rate(pixels, data)

    def row(system: str, file: bytes, quality: float, decoded: Pixels) -> Row:
        found = measure(pixels, decoded, _METRICS)
        values = {name.replace("-", "_"): value for name, value in found.items()}
        equation_5 = psnr_s1(pixels, decoded)
        return check_row(Row(system, picture, rate, _rate(pixels, file), quality, **values, equation_5=equation_5))

    rows = [
        row(_JPEG, data, quality, np.asarray(PillowImage.open(io.BytesIO(data)))),
        row(_RESTORED, data, quality, restore(data, model=restorer).image.pixels.astype(np.uint8, copy=False)),
    ]
    missing = {}
    for id in _CODECS:
        try:
            codec = get_codec(id)
            reached = encode_to_target(codec, Image(pixels), Bpp(bpp))
            decoded = codec.decode(reached.data).pixels.astype(np.uint8, copy=False)
        except LatentPressError as error:
            missing[id] = str(error)
            continue
        rows.append(row(id, reached.data, round(reached.quality, 2), decoded))
    return rows, missing


def _lossless(pixels: Pixels) -> dict[str, float]:
    return {id: _rate(pixels, get_coder(id).encode(pixels, 100)) for id in _LOSSLESS}


def _result(
    rows: Sequence[Row], lossless: Mapping[str, Mapping[str, float]], missing: Mapping[str, str], restorer: str
) -> Result:
    systems = list(dict.fromkeys(row.system for row in rows))
    tables = [_means(rows, systems)]
    tables += [_pictures(rows, rate) for rate in RATES]
    tables += [_printed(), _lossless_table(lossless)]
    off = max(abs(row.bpp / _jpeg_bpp(rows, row) - 1) for row in rows)
    intro = [
        "Lee and Kim 2023 compare an autoencoder codec (AE) with a CNN that takes artefacts out of decoded JPEGs "
        "(CNN), by PSNR and RMSE on six pictures, and print no rate for either. Here every system codes the same six "
        "pictures at the same rates: JPEG is given the whole quality whose file is nearest to the rate, and all others "
        f"are brought to the size of that file (largest deviation {100 * off:.1f} %). Rates are of whole files, "
        "headers included; PSNR, RMSE, SSIM and MS-SSIM are of R, G and B together. In every row PSNR = 20 log10(255 / "
        "RMSE), which is checked.",
        "Pictures: " + "; ".join(f"{name}: {file}, {why}" for name, (file, why) in PICTURES.items()) + ".",
        f"Systems: importance-map is the autoencoder codec (after Alexandre et al. 2019, as in the paper); JPEG is "
        f"Pillow's, 4:2:0; JPEG + restore is the same file after {restorer}, a CAS-CNN (Cavigelli et al. 2017, as in "
        "the paper) with projection; hyperprior is this package's main codec.",
    ]
    intro += [f"Left out: {id} ({problem})." for id, problem in missing.items()]
    data: dict[str, Any] = {
        "study": "s1-table1",
        "date": now(),
        "machine": machine(),
        "versions": versions(),
        "rates": list(RATES),
        "restorer": restorer,
        "pictures": {name: {"kodak": file, "why": why} for name, (file, why) in PICTURES.items()},
        "missing": dict(missing),
        "rows": [asdict(row) for row in rows],
        "lossless_bpp": {name: dict(rates) for name, rates in lossless.items()},
        "printed": [
            asdict(row)
            | {
                "psnr_of_rmse": row.psnr_of_rmse,
                "equation_5": row.equation_5,
                "unit_psnr_of_rmse": row.unit_psnr_of_rmse,
                "rmse_of_psnr": row.rmse_of_psnr,
            }
            for row in PRINTED
        ],
    }
    title = "Table 1 of Lee and Kim 2023, measured at equal rates"
    return Result("s1-table1", title, intro, tables, _notes(lossless), data)


def _means(rows: Sequence[Row], systems: Sequence[str]) -> Table:
    cells = []
    for rate in RATES:
        for system in systems:
            chosen = [row for row in rows if (row.system, row.rate) == (system, rate)]

            def mean(value: Callable[[Row], float], chosen: Sequence[Row] = chosen) -> float:
                return float(np.mean([value(row) for row in chosen]))

            cells.append(
                (
                    f"{rate:g}",
                    system,
                    f"{len(chosen)}",
                    f"{mean(lambda row: row.bpp):.3f}",
                    f"{mean(lambda row: row.psnr):.2f}",
                    f"{mean(lambda row: row.rmse):.2f}",
                    f"{mean(lambda row: row.ssim):.4f}",
                    f"{mean(lambda row: row.ms_ssim):.4f}",
                )
            )
    return Table(
        "Means over the pictures",
        ("rate", "system", "pictures", "bpp", "PSNR, dB", "RMSE", "SSIM", "MS-SSIM"),
        cells,
    )


def _pictures(rows: Sequence[Row], rate: float) -> Table:
    cells = []
    for row in rows:
        if row.rate != rate:
            continue
        method = _PRINTED_AS.get(row.system)
        old = printed(method, row.picture) if method else None
        cells.append(
            (
                f"{row.picture} ({PICTURES[row.picture][0]})",
                row.system,
                f"{row.bpp:.3f}",
                f"{row.psnr:.2f}",
                f"{row.rmse:.2f}",
                f"{row.ssim:.4f}",
                f"{row.ms_ssim:.4f}",
                f"{row.equation_5:.2f}",
                f"{old.psnr:.2f}" if old else "",
                f"{old.rmse:.3f}" if old else "",
            )
        )
    columns = ("picture", "system", "bpp", "PSNR, dB", "RMSE", "SSIM", "MS-SSIM", "equation (5), wrong")
    return Table(
        f"{rate:g} bits a pixel; the last two columns are the paper's, of other pictures at unknown rates",
        (*columns, "printed PSNR", "printed RMSE"),
        cells,
    )


def _printed() -> Table:
    return Table(
        "What was printed, and what it would imply",
        (
            "method",
            "picture",
            "printed PSNR",
            "printed RMSE",
            "PSNR of that RMSE, peak 255",
            "the same by equation (5)",
            "PSNR of that RMSE, peak 1",
            "RMSE of that PSNR, peak 255",
        ),
        [
            (
                row.method,
                row.picture,
                f"{row.psnr:.2f}",
                f"{row.rmse:.3f}",
                f"{row.psnr_of_rmse:.2f}",
                f"{row.equation_5:.2f}",
                f"{row.unit_psnr_of_rmse:.2f}" if row.rmse < 1 else "",
                f"{row.rmse_of_psnr:.3f}",
            )
            for row in PRINTED
        ],
    )


def _lossless_table(lossless: Mapping[str, Mapping[str, float]]) -> Table:
    return Table(
        "What these pictures take without any loss, bits a pixel",
        ("picture", *_LOSSLESS),
        [(picture, *(f"{rates[id]:.2f}" for id in _LOSSLESS)) for picture, rates in lossless.items()],
    )


def _notes(lossless: Mapping[str, Mapping[str, float]]) -> list[str]:
    ae, cnn = ([row for row in PRINTED if row.method == method] for method in ("AE", "CNN"))
    misses = [abs(row.equation_5 - row.psnr) for row in PRINTED]
    ratios = [row.rmse_of_psnr / row.rmse for row in cnn]
    short = [row.psnr_of_rmse - row.psnr for row in cnn]
    lowest = min(ae, key=lambda row: row.rmse)
    needed = [min(rates.values()) for rates in lossless.values()]
    return [
        "Without a rate the printed figures compare nothing: the AE is a codec and the CNN works on decoded JPEGs "
        f"whose quality is not stated. {min(row.psnr for row in ae):.0f} to {max(row.psnr for row in ae):.0f} dB, an "
        f"error of about half a grey level, is nearly lossless; the pictures used here take {min(needed):.1f} to "
        f"{max(needed):.1f} bits a pixel without any loss.",
        "The paper's equation (5), 10 log10(255^2 / sqrt(MSE)), takes a root too many. It overstates the PSNR by "
        "10 log10(RMSE) dB where the RMSE is above 1 and understates it below. It is shown for the measured rows only "
        "to make this visible.",
        f"Equation (5) does not explain the table either: from the printed RMSE it misses every printed PSNR, by "
        f"{min(misses):.0f} to {max(misses):.0f} dB. Nor does the correct formula, with peak 255 or with peak 1.",
        f"The AE rows contradict themselves: the smallest RMSE ({lowest.rmse:g}, {lowest.picture}) has the smallest "
        f"PSNR ({lowest.psnr:g} dB). Over pictures of one peak PSNR and log RMSE correlate with -1; the CNN rows have "
        f"{correlation(cnn):.3f}, the AE rows {correlation(ae):+.2f}.",
        f"The CNN rows have PSNRs {min(short):.1f} to {max(short):.1f} dB below what their RMSE would give. The RMSE "
        f"that their PSNR implies is {min(ratios):.2f} to {max(ratios):.2f} times the printed one, as it would be if "
        "the column were a mean absolute error (1.41 times for a Laplacian residual). That is a guess.",
        "The paper says that its pictures are from ImageNet. All six names are those of files in the test list of a "
        "MathWorks example on removing JPEG artefacts. They may not be passed on, so Kodak pictures stand in, chosen "
        "by content as the names tell it.",
    ]


def _jpeg_bpp(rows: Sequence[Row], like: Row) -> float:
    return next(row.bpp for row in rows if (row.system, row.picture, row.rate) == (_JPEG, like.picture, like.rate))


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    stream = io.BytesIO()
    PillowImage.fromarray(pixels).save(stream, "JPEG", quality=quality, subsampling="4:2:0")
    return stream.getvalue()


def _rate(pixels: Pixels, data: bytes) -> float:
    return bits_per_pixel(len(data), pixels.shape[1], pixels.shape[0])
