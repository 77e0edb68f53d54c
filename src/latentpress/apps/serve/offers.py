"""What the page offers: every coder under a plain name, in groups, with what it takes and how its files are called."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import Any

from latentpress.apps.serve.inputs import ParameterError
from latentpress.bench.coders import Coder
from latentpress.bench.coders.own import OwnCoder
from latentpress.codecs.painters import GENERATIVE, PREVIEW, painter_of, painting
from latentpress.codecs.registry import codec_class
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.models import find_model

__all__ = ["LPX", "OPTIONS", "describe", "quicker", "rising", "suffix_of", "with_options"]

LPX = ".lpx"

OPTIONS = ("effort", "tune", "max_error", "preview", "look")
"""What a preview takes: settings of codecs, and who paints (see `latentpress.decompress`)."""

_PAINTERS = {"preview": PREVIEW, "look": GENERATIVE}

# The beginning of an id: what people call the format, and how its files end ("" for what no program opens).
_FORMATS = {
    "jpeg2000": ("JPEG 2000", ".jp2"),
    "jpegls": ("JPEG-LS", ".jls"),
    "jpegli": ("JPEG by jpegli", ".jpg"),
    "mozjpeg": ("JPEG by MozJPEG", ".jpg"),
    "jpeg": ("JPEG", ".jpg"),
    "webp": ("WebP", ".webp"),
    "avif": ("AVIF", ".avif"),
    "jxl": ("JPEG XL", ".jxl"),
    "heic": ("HEIC", ".heic"),
    "png": ("PNG", ".png"),
    "htj2k": ("HTJ2K", ".jph"),
    "qoi": ("QOI", ".qoi"),
    "x265": ("HEVC", ""),
    "vvc": ("VVC", ""),
}
_OWN = {"hyperprior": "LatentPress", "mlp-lossless": "LatentPress lossless"}
_QUICKER = {
    "avif-444": "avif-444-s6-default",
    "avif-420": "avif-444-s6-default",
    "jxl-lossless-e9": "jxl-lossless",
    "jxl-lossless": "jxl-lossless-e3",
    "webp-lossless-m6": "webp-lossless",
}


def describe(coders: Iterable[Coder]) -> list[dict[str, Any]]:
    """A row for each coder, JSON-able. ``plain``: the one that stands for its name; the others are variants of it."""
    rows: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for coder in coders:
        own = isinstance(coder, OwnCoder)
        name, group = _named(coder)
        takes = codec_class(coder.codec).takes if isinstance(coder, OwnCoder) else frozenset()
        usual = coder.qualities
        rows.append(
            {
                "id": coder.id,
                "name": name,
                "group": group,
                "plain": (name, group) not in seen,
                "suffix": suffix_of(coder),
                "own": own and isinstance(coder, OwnCoder) and coder.codec == coder.id,
                "lossless": coder.lossless,
                "quality_name": coder.quality_name,
                "smallest": coder.quality_range[not rising(coder)],
                "largest": coder.quality_range[rising(coder)],
                "usual": usual[len(usual) // 2],
                "whole": coder.whole,
                "takes": [option for option in OPTIONS if _needed(option) in takes and _possible(option, coder)],
                "regions": isinstance(coder, OwnCoder) and codec_class(coder.codec).regions,
            }
        )
        seen.add((name, group))
    return rows


def suffix_of(coder: Coder) -> str:
    """How a file of the coder is called; empty for a bare stream that no program opens."""
    return LPX if isinstance(coder, OwnCoder) else _format(coder.id)[1]


def rising(coder: Coder) -> bool:
    """Whether a larger number of its quality gives a larger file. `Coder.qualities` begins with the smallest file."""
    return coder.qualities[-1] >= coder.qualities[0]


def quicker(id: str) -> str:
    """The id of the coder's variant that takes less time; empty if there is none."""
    return _QUICKER.get(id, "")


def with_options(coder: Coder, options: dict[str, Any]) -> Coder:
    """The coder with other settings of its codec. Raises ParameterError for those that it does not have."""
    if not options:
        return coder
    if not isinstance(coder, OwnCoder):
        raise ParameterError(f"{coder.id} takes no {', '.join(options)}")
    takes = codec_class(coder.codec).takes
    unknown = [option for option in options if _needed(option) not in takes]
    if unknown:
        raise ParameterError(f"{coder.id} takes no {', '.join(unknown)}")
    own = {name: value for name, value in options.items() if name not in _PAINTERS}
    try:
        painted = painting(**{name: value for name, value in options.items() if name in _PAINTERS})
        made = OwnCoder(coder.id, coder.lossless, codec=coder.codec, settings=coder.given | own | painted)
        made.check()
    except (InvalidInputError, UnsupportedError) as error:
        raise ParameterError(str(error)) from None
    return made


def _named(coder: Coder) -> tuple[str, str]:
    """Name and group."""
    if isinstance(coder, OwnCoder):
        name = _OWN.get(coder.codec, coder.codec)
        return name, "LatentPress" if coder.codec in _OWN else "Systems of the papers"
    return _format(coder.id)[0], "Lossless formats" if coder.lossless else "Other formats"


def _format(id: str) -> tuple[str, str]:
    return next((known for start, known in _FORMATS.items() if id.startswith(start)), (id, ""))


def _needed(option: str) -> str:
    """The setting of a codec that an option is made of."""
    return "painter" if option in _PAINTERS else option


def _possible(option: str, coder: Coder) -> bool:
    """Whether what the option needs is installed: a search needs the gradients of torch, another look its painter."""
    if option in _PAINTERS and isinstance(coder, OwnCoder):
        try:
            painter_of(find_model(coder.codec, name=coder.given.get("model")), _PAINTERS[option])
        except (InvalidInputError, UnsupportedError):
            return False
    return option != "effort" or coder.lossless or importlib.util.find_spec("torch") is not None
