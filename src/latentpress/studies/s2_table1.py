"""Table 1 of the 2022 survey on learned lossless coding: its columns beside what coders take on McMaster here."""

from __future__ import annotations

from latentpress.studies.base import Request, Result
from latentpress.studies.lossless_rows import OURS, Printed, run_table

__all__ = ["TABLE", "run"]

TABLE = Printed(
    name="s2-table1",
    title="Table 1 of the survey on lossless coding, McMaster",
    sets=("McMaster", "Open Images", "DIV2K"),
    values={
        "PNG": (13.97, 12.98, 13.25),
        "JPEG2000": (12.50, 11.71, 12.80),
        "WebP": (11.86, 11.09, 11.92),
        "LCIC": (12.30, 10.98, 8.88),
        "FLIF": (11.59, 10.23, 8.29),
        "L3C": (12.24, 11.18, 9.52),
        OURS: (11.23, 9.78, 8.39),
    },
    coders={
        "PNG": "png",
        "JPEG2000": "jpeg2000-lossless",
        "WebP": "webp-lossless-m6",
        "LCIC": "lcic",
        "FLIF": "",
        "L3C": "",
        OURS: "mlp-lossless",
        "JPEG XL e7": "jxl-lossless",
    },
    compared="McMaster",
    pictures=18,
    intro="Table 1 of the survey (2022 summer conference of the Korean Institute of Broadcast and Media Engineers) "
    'compares a codec of small perceptrons ("Ours": CWPLIC, Rhee et al. 2020) with others, in bits a pixel of all '
    "three channels together. Beside it stands what coders take on the 18 McMaster pictures here, whole files, each "
    'decoded and compared. In the row "Ours" the coder that is run here is this package\'s mlp-lossless, which is of '
    "the same kind and not the same.",
    notes=(
        "The survey calls these bits per pixel; they are sums over three channels. Most of the literature on learned "
        "lossless coding prints a third of that, bits a sample.",
        "By the survey's own figures its codec loses to FLIF on DIV2K (8.39 against 8.29).",
        "The survey's two tables disagree on DIV2K (JPEG2000 12.80 and 9.36, WebP 11.92 and 9.33, PNG 13.25 and "
        "12.69): other subsets or settings. They cannot be merged, and only McMaster, a fixed set of 18 pictures, is "
        "measured here.",
        "PNG, JPEG 2000 and WebP depend on program and effort, which the survey does not state. A difference in a row "
        "that both have says how far the two columns can be compared.",
    ),
)


def run(request: Request) -> Result:
    """Do the study. Raises InvalidInputError unless the folder holds 18 pictures."""
    return run_table(TABLE, request)
