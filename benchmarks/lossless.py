"""Lossless and near-lossless coding: whole files of LatentPress beside PNG, WebP, JPEG XL and JPEG-LS.

    python benchmarks/lossless.py --set kodak=DIR --set deep16=DIR --out benchmarks/results/lossless.json
    python benchmarks/lossless.py --set kodak=DIR --near 1 2 4 --pictures 6 --out benchmarks/results/near_lossless.json

Each file is decoded again: a lossless one must give every sample back, a near-lossless one none that is wrong by more
than its bound, or the command fails. Pictures that the result holds already are not measured again, so a run can be
stopped and taken up. Rate is the whole file over width times height, all channels together. Seconds are of the
processor (one thread), which a busy machine stretches little; encoding is without the decoding that checks the file.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import io
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, write_json
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress.codecs.registry import codec_for
from latentpress.container import read_header
from latentpress.image import Image, read
from latentpress.systems.bai.codec import BaiCodec
from latentpress.systems.calic.codec import CalicCodec
from latentpress.systems.l3c.codec import L3cCodec
from latentpress.systems.lc_fdnet.codec import LcFdnetCodec
from latentpress.systems.lcic.codec import LcicCodec
from latentpress.systems.mlp_lossless.codec import MlpLosslessCodec
from latentpress.systems.rc.codec import RcCodec

SUFFIXES = {".png", ".ppm", ".pgm", ".tif", ".tiff", ".bmp"}

Pair = tuple[Callable[[Image], bytes], Callable[[bytes], NDArray[Any]]]
"""Encoder and decoder of a codec."""


OWN: dict[str, Any] = {
    "mlp-lossless": MlpLosslessCodec,
    "lc-fdnet": LcFdnetCodec,
    "l3c": L3cCodec,
    "rc": RcCodec,
    "bai": BaiCodec,
}
"""Our codecs."""


def own(name: str = "mlp-lossless", **settings: Any) -> Pair:
    """One of ours."""
    codec = OWN[name](threads=1, verify=False, **settings)
    return codec.encode, lambda data: codec.decode(data).pixels


HAND = {"calic": CalicCodec, "lcic": LcicCodec}
"""Coders by hand in the house; theirs is compiled code where numba is installed."""


def by_hand(name: str) -> Pair:
    """One of them."""
    codec = HAND[name](threads=1)
    return codec.encode, lambda data: codec.decode(data).pixels


def webp() -> Pair:
    """libwebp, method 4, through Pillow; 8 bits."""

    def encode(image: Image) -> bytes:
        buffer = io.BytesIO()
        image.to_pillow().convert("RGB").save(buffer, "WEBP", lossless=True, quality=80, method=4)
        return buffer.getvalue()

    return encode, lambda data: np.asarray(PillowImage.open(io.BytesIO(data)).convert("RGB"))


def others() -> dict[str, Pair]:
    """PNG, JPEG XL and JPEG-LS from imagecodecs."""
    import imagecodecs as ic

    def squeeze(image: Image) -> NDArray[Any]:
        return image.pixels[:, :, 0] if image.channels == 1 else image.pixels

    pairs: dict[str, Pair] = {
        "png": (lambda image: ic.png_encode(squeeze(image), level=9), ic.png_decode),
        "jpeg-ls": (lambda image: ic.jpegls_encode(squeeze(image)), ic.jpegls_decode),
        "webp": webp(),
    }
    for effort in (3, 7):
        pairs[f"jxl-e{effort}"] = (
            lambda image, effort=effort: ic.jpegxl_encode(squeeze(image), lossless=True, effort=effort),
            ic.jpegxl_decode,
        )
    return pairs


def newest_jxl() -> dict[str, Pair]:
    """JPEG XL from pillow-jxl-plugin, of a newer libjxl than imagecodecs' (0.12.0 in 1.3.8), where it is installed."""
    if importlib.util.find_spec("pillow_jxl") is None:
        return {}
    importlib.import_module("pillow_jxl")  # tells Pillow

    def encode(image: Image, effort: int) -> bytes:
        buffer = io.BytesIO()
        image.to_pillow().save(buffer, "JXL", lossless=True, effort=effort, num_threads=1)
        return buffer.getvalue()

    return {
        f"jxl-0.12-e{effort}": (
            partial(encode, effort=effort),
            lambda data: np.asarray(PillowImage.open(io.BytesIO(data))),
        )
        for effort in (7, 9)
    }


def near(bound: int) -> dict[str, Pair]:
    """Ours and JPEG-LS with a bound on the error."""
    import imagecodecs as ic

    return {
        f"mlp-lossless, N={bound}": own(max_error=bound),
        f"bai, N={bound}": own("bai", max_error=bound),
        f"jpeg-ls, N={bound}": (
            lambda image: ic.jpegls_encode(image.pixels[:, :, 0] if image.channels == 1 else image.pixels, level=bound),
            ic.jpegls_decode,
        ),
    }


def measure(image: Image, name: str, pair: Pair, bound: int) -> dict[str, Any] | None:
    """A row of the result, None for a picture that the codec does not take."""
    start = time.process_time()
    try:
        data = pair[0](image)
    except (ValueError, RuntimeError, OSError) as error:
        print(f"  {name}: {error}")
        return None
    middle = time.process_time()
    decoded = pair[1](data)
    end = time.process_time()
    pixels = np.asarray(decoded).reshape(image.height, image.width, -1).astype(np.int64)
    if name == "webp" and image.channels == 1:
        pixels = pixels[:, :, :1]
    largest = int(np.abs(pixels - image.pixels).max())
    if largest > bound:
        raise SystemExit(f"{name} is wrong by {largest}")
    row = {"codec": name, "bytes": len(data), "encode_s": round(middle - start, 3), "decode_s": round(end - middle, 3)}
    row |= {"bpp": 8 * len(data) / (image.width * image.height), "max_error": largest}
    if codec_of(name) not in OWN:
        return row
    wrote = codec_for(read_header(data))  # of two codecs, at a high effort
    return row | {"written_by": wrote.id, "methods": OWN[wrote.id]().methods(data)}


def codec_of(name: str) -> str:
    """The codec of a row, without its bound or effort."""
    return name.partition(",")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", required=True, metavar="NAME=DIR", dest="sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--near", type=int, nargs="*", default=[], help="bounds; without it, lossless")
    parser.add_argument("--pictures", type=int, help="so many of each set, evenly spread")
    parser.add_argument("--codecs", nargs="*", help="only these")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if arguments.out.exists():
        rows = json.loads(arguments.out.read_text(encoding="utf-8"))["rows"]
    models = {name: next(iter(cls.models().values())).hex() for name, cls in OWN.items()}
    rows = [row for row in rows if row.get("model") == models.get(codec_of(row["codec"]))]
    done = {(row["set"], row["picture"], row["codec"]) for row in rows}
    about = circumstances() | {"models": models}
    codecs: dict[str, tuple[Pair, int]] = {}
    for bound in arguments.near:
        codecs |= {name: (pair, bound) for name, pair in near(bound).items()}
    if not arguments.near:
        codecs = (
            {name: (own(name), 0) for name in OWN}
            | {f"mlp-lossless, effort {effort}": (own(effort=effort), 0) for effort in (2, 3)}
            | {name: (by_hand(name), 0) for name in HAND}
            | {name: (pair, 0) for name, pair in (others() | newest_jxl()).items()}
        )
    if arguments.codecs:
        codecs = {name: pair for name, pair in codecs.items() if name in arguments.codecs}
    for name, _, folder in (entry.partition("=") for entry in arguments.sets):
        paths = sorted(path for path in Path(folder).glob("*") if path.suffix.lower() in SUFFIXES)
        if arguments.pictures:
            paths = paths[:: -(-len(paths) // arguments.pictures)]
        for path in paths:
            image = read(path)
            for codec, (pair, bound) in codecs.items():
                if (name, path.name, codec) in done or (codec == "webp" and image.bit_depth > 8):
                    continue
                row = measure(image, codec, pair, bound)
                if row is not None:
                    layout = f"{image.width}x{image.height} {image.mode} {image.bit_depth}"
                    own_model = {"model": models[codec_of(codec)]} if codec_of(codec) in OWN else {}
                    rows.append({"set": name, "picture": path.name, "layout": layout} | row | own_model)
                    print(name, path.name, codec, f"{row['bpp']:.4f} bpp, {row['decode_s']} s", flush=True)
            write_json(arguments.out, about | {"rows": rows})


if __name__ == "__main__":
    main()
