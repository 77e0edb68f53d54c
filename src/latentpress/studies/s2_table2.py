"""Table 2 of the 2022 survey on learned lossless coding, beside what coders take on pictures at hand."""

from __future__ import annotations

from latentpress.studies.base import Request, Result
from latentpress.studies.lossless_rows import OURS, Printed, run_table

__all__ = ["TABLE", "run"]

TABLE = Printed(
    name="s2-table2",
    title="Table 2 of the survey on lossless coding",
    sets=("CLIC.m", "CLIC.p", "DIV2K"),
    values={
        "PNG": (11.79, 11.79, 12.69),
        "JPEG2000": (7.59, 8.79, 9.36),
        "WebP": (8.19, 8.70, 9.33),
        "LCIC": (7.88, 9.02, 9.35),
        "FLIF": (7.44, 8.16, 8.73),
        "JPEG-XL": (7.20, 8.19, 8.49),
        "L3C": (7.92, 8.82, 9.27),
        "RC": (7.62, 8.79, 9.24),
        "Near-Lossless": (7.53, 7.98, 8.43),
        OURS: (6.90, 7.86, 8.14),
    },
    coders={
        "PNG": "png",
        "JPEG2000": "jpeg2000-lossless",
        "WebP": "webp-lossless-m6",
        "LCIC": "lcic",
        "FLIF": "",
        "JPEG-XL": "jxl-lossless-e9",
        "L3C": "l3c",
        "RC": "rc",
        "Near-Lossless": "bai",
        OURS: "lc-fdnet",
        "mlp-lossless": "mlp-lossless",
    },
    compared="CLIC.p",
    pictures=None,
    intro='Table 2 of the survey compares LC-FDNet ("Ours", Rhee et al. 2022) with others on CLIC and DIV2K, which '
    "cannot be had here, in bits a pixel of three channels. Beside it stands what coders take on pictures at hand, "
    "whole files, each decoded and compared: what can be compared is the order and the distances, not the level. The "
    'row "Ours" is this package\'s narrow lc-fdnet.',
    notes=(
        "Two numbers of PNG are the same to the last digit for two sets, and the printed percentages of WebP do not "
        "follow from its bits (+17.8 % printed, +18.7 % from the table): in part they are those of the line above.",
        "The official code of LC-FDNet prints estimated bits; its own page says that real files are about 0.1 bits a "
        "pixel larger. Everything here is a real file.",
        "The printed networks have millions of weights and a GPU; lc-fdnet here has some 86,000 and runs on a CPU.",
    ),
)


def run(request: Request) -> Result:
    """Do the study. Raises InvalidInputError unless there is one folder of pictures."""
    return run_table(TABLE, request)
