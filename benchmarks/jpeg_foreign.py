"""What `jpeg` does with JPEG files from anywhere: every one must come back byte for byte, or be refused.

    python benchmarks/jpeg_foreign.py --data DIR [DIR ...] --picture PNG --out benchmarks/results/jpeg_foreign.json

Folders are searched for JPEG files with all below them; equal files count once. Beside them stand those that
`odd_jpegs.py` makes of the picture. Each is kept by `encode_file` and read by our own decoder, whose pixels are
compared with Pillow's where Pillow reads the file.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, write_json
from odd_jpegs import odd_jpegs
from PIL import Image

import latentpress
from latentpress.codecs.jpeg import CutJpegWarning, decode_jpeg, decode_lossless
from latentpress.codecs.jpeg.markers import parse
from latentpress.errors import LatentPressError
from latentpress.systems.jpeg.codec import JpegCodec

Row = dict[str, Any]

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"}
LARGEST = 4_000_000  # bytes


def found(folders: list[Path]) -> Iterator[tuple[str, bytes]]:
    """JPEG files of folders, each once."""
    seen = set()
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
        data = path.read_bytes() if path.is_file() and path.stat().st_size <= LARGEST else b""
        if data[:2] == b"\xff\xd8" and (digest := hashlib.sha256(data).digest()) not in seen:
            seen.add(digest)
            yield path.name, data


def measure(codec: JpegCodec, name: str, source: str, data: bytes) -> Row:
    """One file."""
    start, row = time.process_time(), {"file": name, "source": source, "jpeg": len(data)}
    try:
        kept = codec.encode_file(data)
    except LatentPressError as error:
        return row | {"outcome": "refused", "reason": str(error)} | pixels(data)
    method = latentpress.inspect(kept).facts["method"]
    row |= {"outcome": method, "bytes": len(kept), "same": codec.decode_file(kept) == data}
    return row | {"cpu_s": round(time.process_time() - start, 2)} | pixels(data)


def pixels(data: bytes) -> Row:
    """How far our own decoder is from Pillow's, or why one of them does not read the file."""
    try:
        theirs = np.atleast_3d(np.asarray(Image.open(io.BytesIO(data))))
    except Exception as error:  # Pillow raises almost anything
        return {"pillow": f"does not read it: {error}"} | reads(data)
    if theirs.shape[2] == 4:
        theirs = 255 - theirs
    result = reads(data)
    if "pixels" in result:
        ours = result.pop("pixels")
        result["difference"] = int(np.abs(ours.astype(int) - theirs).max()) if ours.shape == theirs.shape else -1
    return result


def reads(data: bytes) -> Row:
    """The pixels, or why not."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", CutJpegWarning)
            decode = decode_lossless if parse(data, partial=True).frame.lossless else decode_jpeg
            return {"pixels": decode(data)} | ({"warning": str(caught[0].message)} if caught else {})
    except LatentPressError as error:
        return {"own": f"does not read it: {error}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of JPEG files")
    parser.add_argument("--picture", type=Path, required=True, help="a picture to make files of")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    codec, rows = JpegCodec(threads=1), []
    with Image.open(given.picture) as opened:
        made = list(odd_jpegs(opened.convert("RGB").crop((0, 0, 320, 240))))
    for source, files in (("found", found(given.data)), ("made", iter(made))):
        for name, data in files:
            rows.append(measure(codec, name, source, data))
            rows[-1].pop("pixels", None)
    taken = [row for row in rows if row["outcome"] == "coefficients"]
    compared = [row["difference"] for row in rows if "difference" in row]
    totals = {
        "files": len(rows),
        "found": sum(row["source"] == "found" for row in rows),
        "outcomes": dict(Counter(row["outcome"] for row in rows)),
        "changed": sum(not row.get("same", True) for row in rows),
        "to_jpeg_of_coefficients": round(sum(r["bytes"] for r in taken) / sum(r["jpeg"] for r in taken), 4),
        "pixels_compared": len(compared),
        "pixels_equal": compared.count(0),
        "pixels_beyond_one_level": sum(abs(level) > 1 or level < 0 for level in compared),
    }
    print(totals)
    write_json(given.out, circumstances() | {"totals": totals, "files": rows})


if __name__ == "__main__":
    main()
