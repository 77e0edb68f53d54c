"""Picture sets that papers name: what a folder of one must hold, and what here stands for it where it cannot be had.

Nothing is downloaded. ``latentpress bench --set kodak --data DIR`` refuses a folder that is not the set which a result
would then claim to be on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from latentpress.errors import InvalidInputError

__all__ = ["SETS", "NamedSet", "check_set"]


@dataclass(frozen=True)
class NamedSet:
    """about: what it holds. pictures: how many, 0 where papers use parts of their own. sizes: all sides (width, height)
    that occur, either way round; none where they differ. generator: what draws pictures of that kind here, if anything
    does.
    """

    about: str
    pictures: int = 0
    sizes: tuple[tuple[int, int], ...] = ()
    generator: str = ""


SETS: Mapping[str, NamedSet] = {
    "kodak": NamedSet("photographs scanned from film", 24, ((768, 512),)),
    "mcmaster": NamedSet("colourful details of photographs", 18, ((500, 500),)),
    "live1": NamedSet("originals of the LIVE database of quality", 29),
    "tecnick": NamedSet("photographs, Tecnick SAMPLING RGB", 100, ((1200, 1200),)),
    "clic2020-professional-valid": NamedSet("photographs of professionals", 41),
    "clic2020-mobile-valid": NamedSet("photographs of telephones", 61),
    "div2k-valid": NamedSet("photographs of about 2 megapixels", 100),
    "raise-1k": NamedSet("photographs developed from raw files", 1000),
    "bsds500": NamedSet("photographs with outlines drawn by people", 500, ((481, 321),)),
    "cifar-10": NamedSet(
        "thumbnails of ten classes", 60000, ((32, 32),), "crops labelled by a rule (studies/labelled.py)"
    ),
    "mnist": NamedSet("digits", 70000, ((28, 28),), "scikit-learn's digits, enlarged (studies/labelled.py)"),
    "cityscapes": NamedSet(
        "streets with a class for each pixel", 5000, ((2048, 1024),),
        "street scenes with boxes (systems/coefficient_detector/scenes.py)",
    ),
    "sidd": NamedSet("raw pictures of telephones", 0, (), "mosaics of photographs (benchmarks/raw_mosaics.py)"),
    "celeba": NamedSet("faces", 202599, ((178, 218),), "drawn faces (systems/faces)"),
    "oct": NamedSet("scans of the retina", 0, (), "drawn scans (studies/scans.py)"),
    "imagenet": NamedSet("photographs of 1,000 classes"),
    "coco": NamedSet("everyday scenes with outlines of things"),
    "open-images": NamedSet("photographs with labels"),
    "ade20k": NamedSet("scenes with a class for each pixel"),
    "lsun": NamedSet("scenes of ten kinds"),
}  # fmt: skip
"""By the names that ``--set`` takes."""

_SHOWN = 3  # pictures of a wrong size that are named


def check_set(name: str, pictures: Mapping[str, Path]) -> None:
    """Raise InvalidInputError unless pictures (name to path) are those of a set, as far as number and sizes tell."""
    known = SETS.get(name)
    if known is None:
        raise InvalidInputError(f"there is no set {name!r}; there are: {', '.join(SETS)}")
    if known.pictures and len(pictures) != known.pictures:
        raise InvalidInputError(f"{name} has {known.pictures} pictures, the folder {len(pictures)}")
    if not known.sizes:
        return
    allowed = {size for width, height in known.sizes for size in ((width, height), (height, width))}
    others = {one: size for one, path in pictures.items() if (size := _size(path)) not in allowed}
    if others:
        (width, height), _ = Counter(known.sizes).most_common(1)[0]
        named = ", ".join(f"{one} ({w} x {h})" for one, (w, h) in list(others.items())[:_SHOWN])
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        raise InvalidInputError(f"pictures of {name} are {width} x {height}, but not {named}{more}")


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size
