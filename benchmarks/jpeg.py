"""How small `jpeg` makes JPEG files, beside the files and JPEG XL's transcoding; and the time of a large one.

    python benchmarks/jpeg.py --set kodak=DIR --set NAME=DIR:COUNT --out benchmarks/results/jpeg.json

Pictures that the results have already are not measured again: a run that was stopped goes on. COUNT takes so many of
a folder, evenly spread. Pillow saves each picture at every quality, sampling and kind; a file counts whole, header and
all. JPEG XL: libjxl's own transcoding of the same file, by imagecodecs, its bytes whole too. Every file must come back
byte for byte.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import resource
import time
from pathlib import Path
from typing import Any

import imagecodecs
from common import SUFFIXES, circumstances, write_json
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
    return [measure(codec, picture, *how) for how in itertools.product(QUALITIES, SAMPLINGS, KINDS)]


def measure(codec: JpegCodec, picture: Image.Image, quality: int, sampling: str, kind: str) -> Row:
    """One file. encode_cpu_s has in it that the file is decoded to check that the very bytes come back."""
    data = saved(picture, quality, sampling, kind)
    start = time.process_time()
    file = codec.encode_file(data)
    end = time.process_time()
    return {
        "quality": quality, "sampling": sampling, "kind": kind, "files": 1, "jpeg": len(data), "bytes": len(file),
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
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def sums(rows: list[Row]) -> Row:
    """Bytes of files, and their proportions."""
    files, jpeg, ours, theirs = (sum(row[name] for row in rows) for name in ("files", "jpeg", "bytes", "jpeg_xl"))
    return {
        "files": files, "jpeg": jpeg, "bytes": ours, "jpeg_xl": theirs, "to_jpeg": round(ours / jpeg, 4),
        "jpeg_xl_to_jpeg": round(theirs / jpeg, 4), "to_jpeg_xl": round(ours / theirs, 4),
    }  # fmt: skip


def of_files(rows: list[Row]) -> Row:
    """What is kept of a picture's files: sums over all, and over those that have something in common."""
    parts = {}
    for key, values in (("quality", QUALITIES), ("sampling", SAMPLINGS), ("kind", KINDS)):
        parts |= {f"{key} {value}": sums([row for row in rows if row[key] == value]) for value in values}
    return sums(rows) | {"encode_cpu_s": round(sum(row["encode_cpu_s"] for row in rows), 1), "parts": parts}


def totals(found: list[Row]) -> list[Row]:
    """Sums over pictures: all, those of a set, and parts of those whose parts were written down."""
    groups = {"all": found}
    for row in found:
        groups.setdefault(f"set {row['set']}", []).append(row)
        for name, part in row.get("parts", {}).items():
            groups.setdefault(name, []).append(part)
    return [{"of": name} | sums(rows) for name, rows in groups.items()]


def chosen(given: str) -> tuple[str, list[Path]]:
    """The name and the pictures of NAME=DIR or NAME=DIR:COUNT. AVIF too: pictures to train with come as such."""
    name, _, place = given.partition("=")
    folder, _, count = place.partition(":")
    paths = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in {*SUFFIXES, ".avif"})
    return name, paths[:: max(1, len(paths) // int(count))][: int(count)] if count else paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", required=True, help="NAME=DIR or NAME=DIR:COUNT")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--large", action="store_true", help="only measure the large file, and put it into the results")
    given = parser.parse_args()
    sets = [chosen(one) for one in given.set]
    result = json.loads(given.out.read_text(encoding="utf-8")) if given.out.exists() else {}
    if given.large:
        write_json(given.out, result | {"large": [large(sets[0][1], quality) for quality in (75, 90)]})
        return
    found: list[Row] = result.get("pictures", [])
    known = {(row["set"], row["picture"]) for row in found}
    versions = {"imagecodecs": imagecodecs.__version__, "libjxl": imagecodecs.jpegxl_version()}
    for name, path in ((name, path) for name, paths in sets for path in paths if (name, path.stem) not in known):
        found.append({"set": name, "picture": path.stem} | of_files(of_picture(path)))
        result |= circumstances()
        result["versions"] |= versions
        write_json(given.out, result | {"totals": totals(found), "pictures": found})
        print(name, path.stem, sums(found), flush=True)


if __name__ == "__main__":
    main()
