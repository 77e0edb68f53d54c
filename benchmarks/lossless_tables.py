"""Write the tables of docs/lossless.md from the result files.

python benchmarks/lossless_tables.py            # writes
python benchmarks/lossless_tables.py --check    # only compares; exit status 1 if the page is out of date
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from latentpress.studies.s2_table1 import TABLE

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAGE = HERE.parent / "docs" / "lossless.md"
START, END = "<!-- tables: benchmarks/lossless_tables.py -->", "<!-- end of tables -->"

NAMES = {
    "png": "PNG (zlib 9)",
    "webp": "WebP lossless, m4",
    "jpeg-ls": "JPEG-LS",
    "calic": "calic",
    "lcic": "lcic",
    "jxl-e3": "JPEG XL e3",
    "jxl-e7": "JPEG XL e7",
    "jxl-0.12-e7": "JPEG XL e7, libjxl 0.12.0",
    "jxl-0.12-e9": "JPEG XL e9, libjxl 0.12.0",
    "l3c": "l3c",
    "rc": "rc",
    "bai": "bai",
    "lc-fdnet": "**lc-fdnet**",
    "mlp-lossless": "**mlp-lossless**",
    "mlp-lossless, effort 3": "**mlp-lossless**, `--effort 3`",
    "mlp-lossless, gray": "mlp-lossless, as gray",
    "mlp-lossless, mosaic": "**mlp-lossless, as mosaic**",
    "lc-fdnet, mosaic": "**lc-fdnet, as mosaic**",
}

SETS = (("kodak", "Kodak", 24), ("mcmaster", "McMaster", 18), ("valid", "validation", 41))

# Table 2 of the survey (its table 1 is in the study): LC-FDNet and known codecs on sets that are not measured here,
# bits a pixel of all three channels.
PUBLISHED_SUB_IMAGES = {
    "PNG": (11.79, 11.79, 12.69),
    "JPEG 2000": (7.59, 8.79, 9.36),
    "WebP": (8.19, 8.70, 9.33),
    "LCIC": (7.88, 9.02, 9.35),
    "FLIF": (7.44, 8.16, 8.73),
    "JPEG XL": (7.20, 8.19, 8.49),
    "L3C": (7.92, 8.82, 9.27),
    "RC": (7.62, 8.79, 9.24),
    "scalable near-lossless": (7.53, 7.98, 8.43),
    "LC-FDNet": (6.90, 7.86, 8.14),
}


def rows_of(name: str) -> list[dict[str, Any]]:
    path = RESULTS / name
    return json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []


def mean_table(rows: list[dict[str, Any]]) -> list[str]:
    """Means over the photographs of a set: those that ours was measured on, for every codec."""
    measured = {
        name: {r["picture"] for r in rows if (r["set"], r["codec"]) == (name, "mlp-lossless")} for name, *_ in SETS
    }
    heads = [f"{shown}, {len(measured[name])} of {count}" for name, shown, count in SETS]
    lines = [f"| bits a pixel | {' | '.join(heads)} | decoding, s a Kodak picture |", "|" + "---|" * (len(SETS) + 2)]
    for codec, shown in NAMES.items():
        cells = []
        for name, pictures in measured.items():
            found = [r["bpp"] for r in rows if (r["set"], r["codec"]) == (name, codec) and r["picture"] in pictures]
            cells.append(f"{np.mean(found):.3f}" if found else "-")
        if set(cells) == {"-"}:
            continue
        times = [r["decode_s"] for r in rows if (r["set"], r["codec"]) == ("kodak", codec)]
        cells.append(f"{np.median(times):.2f}" if times else "-")
        lines.append(f"| {shown} | {' | '.join(cells)} |")
    return lines


def picture_table(rows: list[dict[str, Any]], sets: tuple[str, ...]) -> list[str]:
    """Bytes of each picture."""
    codecs = ("png", "jxl-e7", "mlp-lossless")
    lines = [
        "| picture | layout | " + " | ".join(NAMES[c] for c in codecs) + " | |",
        "|---|---|" + "---|" * (len(codecs) + 1),
    ]
    for name, picture, layout in dict.fromkeys((r["set"], r["picture"], r["layout"]) for r in rows if r["set"] in sets):
        found = {r["codec"]: r for r in rows if (r["set"], r["picture"]) == (name, picture)}
        if "mlp-lossless" not in found:
            continue
        cells = [f"{found[c]['bytes']:,}" if c in found else "-" for c in codecs]
        how = ", ".join(sorted(set(found.get("mlp-lossless", {}).get("methods", []))))
        lines.append(f"| {name}/{picture} | {layout} | " + " | ".join(cells) + f" | {how} |")
    return lines


HERE_TOO = {
    "PNG": "png",
    "WebP": "webp",
    "LCIC": "lcic",
    "JPEG XL": "jxl-e7",
    "L3C": "l3c",
    "RC": "rc",
    "scalable near-lossless": "bai",
    "LC-FDNet": "lc-fdnet",
}
"""Rows of the published table, to the codecs that are measured here."""


def published_table(rows: list[dict[str, Any]]) -> list[str]:
    """LC-FDNet's own table, as printed, and what our codecs take for crops of other photographs."""
    pictures = {r["picture"] for r in rows if (r["set"], r["codec"]) == ("valid", "l3c")}
    lines = [
        f"| bits a pixel, published | CLIC mobile | CLIC professional | DIV2K | measured: {len(pictures)} crops |",
        "|---|---|---|---|---|",
    ]
    for name, values in PUBLISHED_SUB_IMAGES.items():
        key = ("valid", HERE_TOO.get(name))
        found = [r["bpp"] for r in rows if (r["set"], r["codec"]) == key and r["picture"] in pictures]
        measured = f"{np.mean(found):.2f}" if found else "-"
        lines.append(f"| {name} | {' | '.join(f'{value:.2f}' for value in values)} | {measured} |")
    return lines


def mosaic_table(rows: list[dict[str, Any]]) -> list[str]:
    """Means over the sets, of 8 bits and of more."""
    layouts = dict.fromkeys((row["set"], row["layout"].rpartition(" ")[2]) for row in rows)
    codecs = [codec for codec in NAMES if any(row["codec"] == codec for row in rows)]
    lines = [f"| set, bits a sample | {' | '.join(NAMES[codec] for codec in codecs)} |", "|---|" + "---|" * len(codecs)]
    for name, depth in layouts:
        cells = []
        for codec in codecs:
            key = (name, depth, codec)
            found = [r["bpp"] for r in rows if (r["set"], r["layout"].rpartition(" ")[2], r["codec"]) == key]
            cells.append(f"{np.mean(found):.3f}")
        lines.append(f"| {name}, {depth} ({len(found)}) | {' | '.join(cells)} |")
    return lines


def near_table(rows: list[dict[str, Any]]) -> list[str]:
    """Means at each bound."""
    lines = ["| set | codec | bpp | largest error |", "|---|---|---|---|"]
    for name, codec in dict.fromkeys((row["set"], row["codec"]) for row in rows):
        found = [row for row in rows if (row["set"], row["codec"]) == (name, codec)]
        worst = max(row["max_error"] for row in found)
        lines.append(f"| {name} ({len(found)}) | {codec} | {np.mean([row['bpp'] for row in found]):.3f} | {worst} |")
    return lines


def page() -> str:
    """The part of the page between its marks."""
    rows, near, mosaics = (rows_of(f"{name}.json") for name in ("lossless", "near_lossless", "raw_mosaics"))
    published = ", ".join(
        f"{'perceptrons' if name == 'Ours' else name} {values[0]:.2f}" for name, values in TABLE.values.items()
    )
    parts = [
        "Whole files, each decoded and compared; bits a pixel are of all channels together. Seconds: processor time,",
        "one thread, the median; `mlp-lossless` and `lc-fdnet` with the extra `fast`.",
        "",
        *mean_table(rows),
        "",
        f"Published for McMaster (Table 1 of the paper; other versions and settings of the known codecs): {published}.",
        "",
        "Published for LC-FDNet (Table 2), as printed, PNG's two equal values too. These sets cannot be had here: in",
        "their place stand crops of 512x512 of other photographs (the validation part of CID22; no weights learned",
        "from them, those of l3c, rc and bai were chosen on them), whole files, our own codecs in the rows of L3C, RC,",
        "near-lossless and LC-FDNet. LC-FDNet's printed row is probably estimated: its authors' code says that real",
        "files are about 0.1 bits a pixel larger.",
        "",
        *published_table(rows),
        "",
        "High bit depth and medical pictures, bytes:",
        "",
        *picture_table(rows, ("deep16", "medical")),
    ]
    if near:
        parts += [
            "",
            "Near-lossless, with no sample wrong by more than N, beside JPEG-LS, which codes each channel by itself:",
            "",
            *near_table(near),
        ]
    if mosaics:
        parts += [
            "",
            "Raw mosaics: pictures as a sensor with RGGB filters would see them, bits a sample of the mosaic:",
            "",
            *mosaic_table(mosaics),
        ]
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    new = f"{before}{START}\n{page()}\n{END}{after}"
    if arguments.check:
        sys.exit(0 if new == text else f"{PAGE} is out of date: run benchmarks/lossless_tables.py")
    PAGE.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
