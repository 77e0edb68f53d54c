"""The catalogue of systems: every codec and network of the house, by name, and the numbers that files know codecs by.

A system is a folder ``systems/<id>/`` (hyphens of the id become underscores) whose ``__init__.py`` holds nothing but a
declaration, ``SYSTEM = System(...)``. Registry, training, model shelf, benchmark and documentation read it from here.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latentpress.errors import UnsupportedError

__all__ = ["NAMED_CODEC", "NUMBERS", "System", "default_model", "folder_of", "number_of", "system", "systems"]

NUMBERS = {
    1: "hyperprior",
    2: "mlp-lossless",
    3: "lc-fdnet",
    4: "importance-map",
    5: "jpeg",
    6: "factorised",
    7: "toderici",
    8: "pca-blocks",
    9: "hific",
    10: "spiht",
    11: "dft-threshold",
    12: "vq",
    13: "ebcot",
    14: "ebcot-lossless",
    15: "trimmed-jpeg",
    16: "learned-lifting",
    30: "entropy-models",
    45: "agustsson",
    46: "rippel",
    50: "jpeg-ls",
    51: "calic",
    52: "lcic",
    53: "l3c",
    54: "rc",
    55: "bai",
    60: "perceptron",
    61: "akyazi",
    62: "kamisli",
    63: "peixoto",
    64: "comcnn",
    65: "mentzer",
    66: "scale-hyperprior",
    67: "tiled",
    68: "retina",
    69: "filter-bank",
    70: "faces",
    71: "semantic",
}
"""Codec numbers of the file format and the systems that own them. Only ever added to: files outlive programs."""

NAMED_CODEC = 255
"""The number of every codec that is not in `NUMBERS`; its files carry the codec's name."""

_PACKAGE = "latentpress.systems"


@dataclass(frozen=True, kw_only=True)
class System:
    """What a system says of itself.

    id: its name in files, recipes and on the command line. about: one line, for listings. group: the group of
    docs/papers.md that it belongs to (``G1`` ..), empty for none. sources: the survey papers that describe it
    (``S0`` .. ``S4``) and its own paper. codec: ``module:Class`` inside its folder, empty for a system that writes no
    files. training: ``module:Class`` of its training, empty when there is nothing to train. model: name of the default
    model package. packages: the ``codec`` that its packages name, if not the id. variants: settings of the codec that
    the benchmark shows beside the default ones, by name.
    """

    id: str
    about: str
    group: str = ""
    sources: tuple[str, ...] = ()
    codec: str = ""
    training: str = ""
    model: str = ""
    packages: str = ""
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def load(self, what: str) -> Any:
        """The class behind ``module:Class``, imported from the system's folder."""
        module, _, name = what.partition(":")
        return getattr(importlib.import_module(f"{_PACKAGE}.{_name(self.id)}.{module}"), name)


def system(id: str) -> System:
    """The system called ``id``. Raises UnsupportedError when there is none, naming those that are."""
    found = _declared(id)
    if found is None:
        raise UnsupportedError(f"there is no system {id!r}; there are: {', '.join(one.id for one in systems())}")
    return found


def systems() -> tuple[System, ...]:
    """All systems: first those with a number in the file format, in its order, then by name."""
    order = {id: number for number, id in NUMBERS.items()}
    found = [importlib.import_module(f"{_PACKAGE}.{name}").SYSTEM for name in _names()]
    return tuple(sorted(found, key=lambda one: (order.get(one.id, NAMED_CODEC), one.id)))


def number_of(id: str) -> int:
    """The number of a codec in the header of its files."""
    return next((number for number, owner in NUMBERS.items() if owner == id), NAMED_CODEC)


def default_model(packages: str) -> str | None:
    """Name of the default package of those that name ``packages`` as their codec."""
    own = _declared(packages)  # the usual case, without a look at the other systems
    among = (own,) if own is not None and own.model and (own.packages or own.id) == packages else systems()
    return next((one.model for one in among if one.model and (one.packages or one.id) == packages), None)


def folder_of(id: str) -> Path:
    """The folder of a system."""
    return Path(str(importlib.import_module(f"{_PACKAGE}.{_name(id)}").__file__)).parent


def _declared(id: str) -> System | None:
    """The system called ``id``, None if there is none."""
    module = f"{_PACKAGE}.{_name(id)}"
    if not _name(id).isidentifier() or importlib.util.find_spec(module) is None:
        return None
    declared: System = importlib.import_module(module).SYSTEM
    return declared


def _name(id: str) -> str:
    return id.replace("-", "_")


def _names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(_PACKAGE).__path__))
