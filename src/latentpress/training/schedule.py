"""Sections of a recipe as checked values: what a field may be stands beside its default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar, get_type_hints

from latentpress.errors import InvalidInputError

__all__ = ["CropSchedule", "Schedule", "read", "setting"]

T = TypeVar("T")

_KINDS: dict[type, tuple[type, ...]] = {bool: (bool,), int: (int,), float: (int, float), str: (str,)}


def setting(
    default: Any = MISSING,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    multiple_of: int | None = None,
    choices: Sequence[Any] = (),
) -> Any:
    """A field of a section, with what `read` accepts for it. Without ``default`` a recipe has to give it."""
    limits = {"at_least": at_least, "at_most": at_most, "multiple_of": multiple_of, "choices": tuple(choices)}
    return field(default=default, metadata=limits)


def read(kind: type[T], section: str, values: Mapping[str, Any]) -> T:
    """The dataclass ``kind`` of a recipe's section as read from TOML. Its own ``__post_init__`` may check what fields
    say together.

    Raises InvalidInputError for keys that are unknown, missing, of another type, or out of their range.
    """
    types = get_type_hints(kind)
    limits = {f.name: f.metadata for f in fields(kind)}  # type: ignore[arg-type]  # every section is a dataclass
    for key, value in values.items():
        if key not in limits:
            raise InvalidInputError(f"recipe: unknown key {section}.{key}")
        if not isinstance(value, _KINDS[types[key]]) or (isinstance(value, bool) and types[key] is not bool):
            raise InvalidInputError(f"recipe: {section}.{key} must be {types[key].__name__}, not {value!r}")
        reason = _fault(value, limits[key])
        if reason:
            raise InvalidInputError(f"recipe: {section}.{key} must be {reason}, not {value!r}")
    try:
        return kind(**values)
    except TypeError as error:
        raise InvalidInputError(f"recipe: [{section}] {error}") from None


def _fault(value: Any, limits: Mapping[str, Any]) -> str:
    """What a value should be and is not, or nothing."""
    choices, low, high = limits.get("choices", ()), limits.get("at_least"), limits.get("at_most")
    unit = limits.get("multiple_of")
    if choices and value not in choices:
        return f"one of {', '.join(map(str, choices))}"
    if low is not None and not value >= low:
        return f"at least {low:g}"
    if high is not None and not value <= high:
        return f"at most {high:g}"
    return f"a multiple of {unit}" if unit is not None and (value <= 0 or value % unit) else ""


@dataclass(frozen=True)
class Schedule:
    """How a run goes: the section ``[schedule]`` of every recipe.

    ``steps``: optimiser steps in all, each on ``batch`` samples. The learning rate rises to ``learning_rate`` over
    ``warmup`` steps, stays, and falls to zero (quarter of a cosine) from the fraction ``decay_from`` of the run on.
    From ``hard_from`` on values are rounded as the codec rounds them, and exact networks compute in integers. ``ema``:
    decay of the averaged weights. ``clip``: largest gradient norm. ``seed`` fixes weights and all that is drawn.
    ``validate_every``: steps between validations. ``mixed_precision``: float networks in bfloat16. ``by_clock``:
    fractions are of the time that the run has (``--minutes``), where that is further than the steps, so that a run of
    any length ends decayed; such a run, resumed, goes on but does not repeat itself bit by bit. ``optimiser``:
    ``adam``, or ``muon`` or ``soap`` for the matrices that a training names (`Player.matrices`) and Adam for the rest.
    ``activations``: what is kept of them for the way back, `activations.ACTIVATIONS`.
    """

    steps: int = setting(at_least=1)
    batch: int = setting(8, at_least=1)
    learning_rate: float = setting(1e-3, at_least=0)
    warmup: int = setting(200, at_least=0)
    decay_from: float = setting(0.6, at_least=0)
    hard_from: float = setting(0.8, at_least=0)
    ema: float = setting(0.999, at_least=0, at_most=1)
    clip: float = setting(1.0, at_least=0)
    seed: int = setting(0, at_least=0)
    validate_every: int = setting(2000, at_least=1)
    mixed_precision: bool = True
    by_clock: bool = False
    optimiser: str = setting("adam", choices=("adam", "muon", "soap"))
    activations: str = setting("whole", choices=("whole", "divided", "shifted"))

    @property
    def smallest(self) -> int:
        """Pixels of the shorter side of a picture to learn from, at least."""
        return 64

    def hard(self, step: int) -> bool:
        """Whether ``step`` belongs to the last, quantisation-aware part."""
        return step >= self.hard_from * self.steps


@dataclass(frozen=True)
class CropSchedule(Schedule):
    """A schedule of samples that are crops of ``crop`` x ``crop`` pixels. ``klt_pictures``: how many pictures a
    starting linear transform is fitted on, 0 for a random one; such transforms learn at ``linear_factor`` of the rate.
    """

    crop: int = setting(128, multiple_of=64)
    klt_pictures: int = setting(400, at_least=0)
    linear_factor: float = setting(0.03, at_least=0)

    @property
    def smallest(self) -> int:
        """A crop."""
        return self.crop
