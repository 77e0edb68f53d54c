"""From what a user asks for to the coders that are measured."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

from latentpress.bench.coders import Coder, available, coder_ids, full_id, get_coder, missing
from latentpress.errors import InvalidInputError

__all__ = ["ALL", "select_coders", "with_qualities"]

ALL = "all"
"""In place of coder ids: every coder that can be used here."""


def select_coders(
    ids: Sequence[str], qualities: Mapping[str, Sequence[float]] | None = None
) -> tuple[list[Coder], dict[str, str]]:
    """The coders, and those of `ALL` that cannot be used here with the reasons.

    ids: of coders, or `ALL` among them. qualities: by id, in place of the coder's own. Short names stand for the ids
    that `full_id` gives.

    Raises UnsupportedError or MissingExtraError for a coder named by its id that cannot be used, InvalidInputError for
    ids given twice and for qualities that the coder does not take or that belong to no coder in the selection.
    """
    named = [full_id(id) for id in ids if id != ALL]
    for id in named:
        if named.count(id) > 1:
            raise InvalidInputError(f"the coder {id} is given twice")
    found = {id: get_coder(id) for id in named}
    absent: dict[str, str] = {}
    if ALL in ids:
        usable = available()
        found = {id: usable[id] for id in coder_ids() if id in usable}
        absent = missing()
    chosen = {full_id(id): values for id, values in (qualities or {}).items()}
    for id in chosen:
        if id not in found:
            raise InvalidInputError(f"qualities are given for {id}, which is not among the coders measured")
    return [with_qualities(coder, chosen[id]) if id in chosen else coder for id, coder in found.items()], absent


def with_qualities(coder: Coder, qualities: Sequence[float]) -> Coder:
    """A copy of the coder that is measured at other qualities, in the order given.

    Raises InvalidInputError for none, for one given twice, and for those that the coder does not take.
    """
    values = tuple(float(quality) for quality in qualities)
    if not values or len(set(values)) != len(values):
        raise InvalidInputError(f"{coder.id} needs at least one quality, and each one once")
    if coder.lossless:
        raise InvalidInputError(f"{coder.id} is lossless: it has no qualities to choose from")
    low, high = coder.quality_range
    kind = "whole numbers" if coder.whole else "numbers"
    for value in values:
        if not low <= value <= high or (coder.whole and not value.is_integer()):
            raise InvalidInputError(
                f"{coder.quality_name} of {coder.id} takes {kind} from {low:g} to {high:g}, not {value:g}"
            )
    changed = copy.copy(coder)
    changed.qualities = values
    return changed
