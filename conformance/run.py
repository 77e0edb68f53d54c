"""Run the conformance set through a decoder: ``python conformance/run.py``.

    python conformance/run.py --engine torch                        # this library with its other engine
    python conformance/run.py --decoder "mydecoder {in} {out}"      # another implementation, run as a command
    python conformance/run.py --only hyperprior                     # of one codec, or whatever names begin with

A command gets a stream and the name of the picture to write: PNG, or PPM/PGM for samples of more than 8 bits; for
streams of JPEG files it is asked for a .jpg. It must end with a status other than 0, and write nothing, where a stream
is to be refused. Needs NumPy and Pillow, and the library only without --decoder. Exit status 1 if anything fails.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shlex
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HERE = Path(__file__).parent
Samples = NDArray[np.unsignedinteger[Any]]
Decoder = Callable[[Path, dict[str, Any]], "Samples | bytes | None"]
"""From a stream and its entry to samples (height, width, channels), the bytes of a JPEG file, or None for a refusal."""


def own(engine: str) -> Decoder:
    """This library, in this process."""
    import latentpress
    from latentpress.codecs import get_codec

    def decode(path: Path, entry: dict[str, Any]) -> Samples | bytes | None:
        data = path.read_bytes()
        try:
            if "jpeg" in entry:
                return latentpress.decompress_jpeg(data)
            codec = get_codec(latentpress.inspect(data).codec)
            if "engine" in codec.takes:
                codec = get_codec(codec.id, engine=engine)
            return codec.decode(data).pixels
        except latentpress.LatentPressError:
            return None

    return decode


def command(template: str) -> Decoder:
    """A decoder that is a command."""

    def decode(path: Path, entry: dict[str, Any]) -> Samples | bytes | None:
        deep = entry.get("bit_depth", 8) > 8
        ending = ".jpg" if "jpeg" in entry else ".png" if not deep else ".pgm" if entry["channels"] == 1 else ".ppm"
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / f"out{ending}"
            places = {"{in}": str(path), "{out}": str(out)}
            done = subprocess.run([places.get(word, word) for word in shlex.split(template)], check=False)
            if done.returncode or not out.exists():
                return None if done.returncode and not out.exists() else b"a refusal must write nothing"
            return out.read_bytes() if "jpeg" in entry else read(out)

    return decode


def read(path: Path) -> Samples:
    """Samples (height, width, channels) of a PNG, PPM or PGM file."""
    if path.suffix in (".ppm", ".pgm"):
        data = path.read_bytes()
        head = re.match(rb"P([56])\s+(\d+)\s+(\d+)\s+(\d+)\s", data)
        assert head is not None, f"{path} is no PPM file"
        shape = int(head[3]), int(head[2]), 1 if head[1] == b"5" else 3
        kind = ">u2" if int(head[4]) > 255 else "u1"
        return np.frombuffer(data, kind, offset=head.end()).reshape(shape)
    with Image.open(path) as picture:
        picture.load()
        pixels = np.asarray(picture)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def problem(name: str, entry: dict[str, Any], decode: Decoder) -> str:
    """What is wrong with a decoder's answer, empty if nothing is."""
    path = HERE / f"{name}.lpx"
    if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
        return "the stream is not that of the index"
    found = decode(path, entry)
    if "refused" in entry:
        return "" if found is None else f"not refused ({entry['refused']})"
    if found is None:
        return "refused"
    if isinstance(found, bytes):
        return "" if hashlib.sha256(found).hexdigest() == entry.get("jpeg") else "other bytes"
    if found.shape != (entry["height"], entry["width"], entry["channels"]):
        return f"samples {found.shape}"
    if "samples" in entry:
        samples = np.ascontiguousarray(found, "<u2" if entry["bit_depth"] > 8 else np.uint8)
        return "" if hashlib.sha256(samples.tobytes()).hexdigest() == entry["samples"] else "other samples"
    scale = 255 / (2 ** entry["bit_depth"] - 1)
    error = scale * (found.astype(np.float64) - read(HERE / entry["reference"]))
    if entry["channels"] in (2, 4) and error[..., -1].any():
        return "other alpha"
    rms, peak = float(np.sqrt(np.square(error).mean())), float(abs(error).max())
    return "" if rms <= entry["rms"] and peak <= entry["peak"] else f"rms {rms:.3f}, peak {peak:.2f} of 255"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decoder", help='command of another implementation, with "{in}" and "{out}"')
    parser.add_argument("--engine", default="onnx", help="of this library: onnx or torch")
    parser.add_argument("--only", default="", help="streams whose names begin so")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    decode = command(options.decoder) if options.decoder else own(options.engine)
    index: dict[str, dict[str, Any]] = json.loads((HERE / "conformance.json").read_text(encoding="utf-8"))
    failed = count = 0
    for name, entry in index.items():
        if name.startswith(options.only):
            wrong, count = problem(name, entry, decode), count + 1
            failed += bool(wrong)
            print(f"{'FAIL' if wrong else 'pass'}  {name}: {wrong or entry['about']}")
    print(f"{count - failed} of {count} streams are right")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
