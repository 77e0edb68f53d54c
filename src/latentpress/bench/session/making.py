"""A session as a folder: pictures under names that tell nothing, the page, and the key that stays with the maker."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from latentpress.atomic import atomic_output
from latentpress.bench.coders import Coder
from latentpress.bench.pictures import read_pixels
from latentpress.bench.report.matching import encode_to_rate
from latentpress.errors import InvalidInputError
from latentpress.image import Image, write
from latentpress.metrics import bits_per_pixel

__all__ = ["KEY", "KINDS", "ORIGINAL", "PAGE", "make_session"]

KINDS = ("pairs", "dsis")
"""pairs: which of two versions is better, beside the original. dsis: how much one version is impaired, 5 to 1
(double-stimulus impairment scale of ITU-R BT.500).
"""

KEY = "key.json"
"""What each picture of the session is; not for observers."""

PAGE = "index.html"
ORIGINAL = "original"
_PLAN = "/*PLAN*/null"


def make_session(
    pictures: Mapping[str, Path],
    coders: Sequence[Coder],
    rates: Sequence[float],
    out: Path,
    *,
    kind: str,
    seed: int = 0,
) -> int:
    """Write the folder ``out``: versions of every picture by every coder near every rate, and a page that shows them
    in an order of its own to every observer. Returns the number of questions.

    rates: bits a pixel. The page works from the disk and from any web server; answers stay in the browser until the
    observer saves them as CSV. ``pairs`` compares coders at one rate. A lossy picture whose coder cannot come within a
    tenth of a rate is left out of it; the key says how large each file is.

    Raises InvalidInputError for a folder that is there, another kind, fewer than two coders for pairs, or none.
    """
    if kind not in KINDS:
        raise InvalidInputError(f"a session is of {' or '.join(KINDS)}, not {kind!r}")
    if len(coders) < (2 if kind == "pairs" else 1) or not rates or not pictures:
        raise InvalidInputError("a session needs pictures, rates, and codecs: two for pairs")
    if out.exists() and any(out.iterdir()):
        raise InvalidInputError(f"{out} is there already and not empty; choose another folder")
    out.mkdir(parents=True, exist_ok=True)
    key: dict[str, dict[str, Any]] = {}
    questions: list[dict[str, Any]] = []
    for picture, path in pictures.items():
        pixels = read_pixels(path)
        original = _store(out, key, seed, pixels, {"picture": picture, "codec": ORIGINAL})
        for rate in rates:
            versions = []
            for coder in coders:
                coded = encode_to_rate(coder, pixels, rate)
                bpp = bits_per_pixel(len(coded.data), pixels.shape[1], pixels.shape[0])
                if abs(bpp / rate - 1) <= 0.1:
                    about = {"picture": picture, "codec": coder.id, "rate": rate, "bpp": round(bpp, 4)}
                    versions.append(_store(out, key, seed, coded.pixels, about | {"bytes": len(coded.data)}))
            shown = itertools.combinations(versions, 2) if kind == "pairs" else ((version,) for version in versions)
            questions += [{"original": original, "versions": list(one)} for one in shown]
    if not questions:
        raise InvalidInputError("no codec comes near these rates on these pictures: there is nothing to ask")
    plan = {"kind": kind, "questions": questions}
    page = resources.files(__package__).joinpath(PAGE).read_text(encoding="utf-8")
    for name, text in ((PAGE, page.replace(_PLAN, json.dumps(plan))), (KEY, json.dumps({"kind": kind, "files": key}))):
        with atomic_output(out / name) as stream:
            stream.write(text.encode())
    return len(questions)


def _store(out: Path, key: dict[str, dict[str, Any]], seed: int, pixels: Any, about: dict[str, Any]) -> str:
    """Write a picture under a name that tells nothing, and enter it into the key."""
    name = hashlib.sha256(json.dumps([seed, about], sort_keys=True).encode()).hexdigest()[:16] + ".png"
    write(Image(np.ascontiguousarray(pixels)), out / name)
    key[name] = about
    return name
