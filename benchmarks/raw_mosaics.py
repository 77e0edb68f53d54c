"""Raw mosaics: pictures as a sensor with RGGB filters would see them, coded as mosaics, as gray, and by others.

    python benchmarks/raw_mosaics.py PICTURE... --out benchmarks/results/raw_mosaics.json

Each file is decoded again and must give every sample back. Seconds are of the processor, one thread. Pictures that the
result holds already are not measured again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from common import circumstances, write_json
from lossless import OWN, codec_of, measure, others, own

from latentpress.image import Image, read


def mosaic_of(picture: Image) -> Image:
    """The samples that stay: red in even rows and columns, blue in odd ones, green elsewhere."""
    out = picture.pixels[:, :, 1].copy()
    out[0::2, 0::2] = picture.pixels[0::2, 0::2, 0]
    out[1::2, 1::2] = picture.pixels[1::2, 1::2, 2]
    return Image(out[:, :, None], picture.bit_depth)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    models = {name: next(iter(OWN[name].models().values())).hex() for name in ("mlp-lossless", "lc-fdnet")}
    rows: list[dict[str, Any]] = []
    if arguments.out.exists():
        rows = json.loads(arguments.out.read_text(encoding="utf-8"))["rows"]
    rows = [row for row in rows if row.get("model") == models.get(codec_of(row["codec"]))]
    codecs = {f"{name}, mosaic": own(name, mosaic="RGGB") for name in models} | {"mlp-lossless, gray": own()}
    codecs |= {name: pair for name, pair in others().items() if name in ("png", "jpeg-ls", "jxl-e7")}
    done = {(row["set"], row["picture"], row["codec"]) for row in rows}
    about = circumstances() | {"models": models, "pattern": "RGGB"}
    for path in arguments.pictures:
        raw = mosaic_of(read(path))
        key = (path.parent.name, path.name)
        for name, pair in codecs.items():
            if (*key, name) in done:
                continue
            row = measure(raw, name, pair, 0)
            if row is not None:
                layout = f"{raw.width}x{raw.height} {raw.bit_depth}"
                named = {"model": models[codec_of(name)]} if codec_of(name) in models else {}
                rows.append({"set": key[0], "picture": key[1], "layout": layout} | named | row)
                print(*key, name, f"{row['bpp']:.4f} bpp, {row['decode_s']} s", flush=True)
        write_json(arguments.out, about | {"rows": rows})


if __name__ == "__main__":
    main()
