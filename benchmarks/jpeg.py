"""How small `jpeg` makes JPEG files, beside the files and JPEG XL's transcoding; and the time of a large one.

    python benchmarks/jpeg.py --data DIR --out benchmarks/results/jpeg.json

Each picture is saved by Pillow at every quality, sampling and kind; a file counts whole, header and all. JPEG XL:
libjxl's own transcoding of the same file, by imagecodecs, its bytes whole too. Every file must come back byte for byte.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import imagecodecs
from common import circumstances, pictures, write_json
from PIL import Image

from latentpress.systems.jpeg.codec import JpegCodec

Row = dict[str, Any]

QUALITIES = (50, 75, 90, 95)
SAMPLINGS = ("4:2:0", "4:4:4")
KINDS = ("baseline", "progressive")
LARGE = (4000, 3000)


def saved(picture: Image.Image, quality: int, sampling: str, kind: str) -> bytes:
    """The picture as a JPEG file of Pillow's."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, subsampling=sampling, progressive=kind == "progressive")
    return buffer.getvalue()


def of_picture(path: Path) -> list[Row]:
    """All files of a picture."""
    codec, picture = JpegCodec(threads=1), Image.open(path).convert("RGB")
    return [measure(codec, path.stem, picture, *how) for how in itertools.product(QUALITIES, SAMPLINGS, KINDS)]


def measure(codec: JpegCodec, name: str, picture: Image.Image, quality: int, sampling: str, kind: str) -> Row:
    """One file. encode_cpu_s has in it that the file is decoded to check that the very bytes come back."""
    data = saved(picture, quality, sampling, kind)
    start = time.process_time()
    file = codec.encode_file(data)
    end = time.process_time()
    return {
        "picture": name, "quality": quality, "sampling": sampling, "kind": kind, "jpeg": len(data), "bytes": len(file),
        "jpeg_xl": len(imagecodecs.jpegxl_encode_jpeg(data)), "encode_cpu_s": round(end - start, 3),
    }  # fmt: skip


def large(paths: list[Path], quality: int) -> Row:
    """A file of 12 megapixels, a mosaic of the pictures, on all cores."""
    whole, place = Image.new("RGB", LARGE), itertools.cycle(paths)
    for y, x in itertools.product(range(0, LARGE[1], 512), range(0, LARGE[0], 512)):
        whole.paste(Image.open(next(place)).convert("RGB").crop((0, 0, 512, 512)), (x, y))
    data, codec = saved(whole, quality, "4:2:0", "baseline"), JpegCodec()
    clocks = [(time.perf_counter(), time.process_time())]
    file = codec.encode_file(data)
    clocks.append((time.perf_counter(), time.process_time()))
    back = codec.decode_file(file)
    clocks.append((time.perf_counter(), time.process_time()))
    (wall, cpu), (wall_back, cpu_back) = ((b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(clocks))
    return {
        "width": LARGE[0], "height": LARGE[1], "quality": quality, "jpeg": len(data), "bytes": len(file),
        "same": back == data, "encode_s": round(wall, 2), "encode_cpu_s": round(cpu, 2),
        "decode_s": round(wall_back, 2), "decode_cpu_s": round(cpu_back, 2),
    }  # fmt: skip


def totals(rows: list[Row]) -> list[Row]:
    """Bytes of all files, and of those that have something in common."""
    found = []
    for key, values in (("", [""]), ("quality", QUALITIES), ("sampling", SAMPLINGS), ("kind", KINDS)):
        for value in values:
            mine = [row for row in rows if not key or row[key] == value]
            jpeg, ours, theirs = (sum(row[name] for row in mine) for name in ("jpeg", "bytes", "jpeg_xl"))
            found.append({
                "of": f"{key} {value}".strip() or "all", "files": len(mine), "jpeg": jpeg, "bytes": ours,
                "jpeg_xl": theirs, "to_jpeg": round(ours / jpeg, 4), "jpeg_xl_to_jpeg": round(theirs / jpeg, 4),
                "to_jpeg_xl": round(ours / theirs, 4),
            })  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--large", action="store_true", help="only measure the large file, and put it into the results")
    parser.add_argument("--jobs", type=int, default=1, help="pictures at a time")
    given = parser.parse_args()
    paths = pictures(given.data)
    if given.large:
        result = json.loads(given.out.read_text(encoding="utf-8"))
        write_json(given.out, result | {"large": [large(paths, quality) for quality in (75, 90)]})
        return
    rows: list[Row] = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for path, found in zip(paths, pool.map(of_picture, paths), strict=True):
            rows += found
            print(path.stem, totals(rows)[0], flush=True)
    result = circumstances()
    result["versions"] |= {"imagecodecs": imagecodecs.__version__, "libjxl": imagecodecs.jpegxl_version()}
    write_json(given.out, result | {"totals": totals(rows), "files": rows})


if __name__ == "__main__":
    main()
