"""A race of settings: short runs from one start and one seed, of which the best goes on."""

from __future__ import annotations

import csv
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from latentpress.errors import InvalidInputError
from latentpress.training.plan import Plan, load_plan
from latentpress.training.run import RunOptions, train
from latentpress.training.runner import CHECKPOINT, LOG, LOG_EVERY
from latentpress.training.system import Folders

__all__ = ["race"]


def race(recipe: str | Path | Plan, data: Folders, settings: Sequence[str], steps: int, **options: Any) -> Path:
    """Run the recipe with each of ``settings`` for so many steps, and go on with the best to the end.

    settings: ``KEY=VALUE`` of the recipe, such as ``schedule.optimiser=muon``; several joined by ``+``. Best is the
    lowest loss on the validation pictures at the last of the steps, or without them of the last means of training.
    options: those of `latentpress.training.run.RunOptions`; ``minutes`` are those of the run that goes on. The others
    stay in the run's folder under ``race``, with their logs. Returns the checkpoint of the run.

    Raises InvalidInputError for fewer than two settings, one that the recipe does not have, and what `train` refuses.
    """
    how, plan = RunOptions(**options), load_plan(recipe)
    if len(settings) < 2 or steps < 1:
        raise InvalidInputError("a race needs two settings or more, and a step at least")
    plans = {setting: _changed(plan, setting) for setting in settings}
    if how.valid is None and steps < LOG_EVERY:
        raise InvalidInputError(f"without pictures to validate on a race needs {LOG_EVERY} steps or more")
    if how.resume or (how.folder / CHECKPOINT).exists():
        raise InvalidInputError(f"a race begins a new run, and {how.folder} has one; choose another folder")
    shared = options | {"minutes": None, "max_steps": steps}
    losses: dict[str, float] = {}
    for number, (setting, entrant) in enumerate(plans.items()):
        folder = how.folder / "race" / str(number)
        judged = replace(entrant, schedule=replace(entrant.schedule, validate_every=steps))
        train(judged, data, **(shared | {"run": folder}))
        losses[setting] = _last_loss(folder / LOG)
        _say(how, f"{setting}: {losses[setting]:.4f} after {steps} steps")
    best = min(losses, key=lambda setting: losses[setting])
    _say(how, f"{best} goes on")
    for name in (CHECKPOINT, LOG):
        shutil.copyfile(how.folder / "race" / str(list(plans).index(best)) / name, how.folder / name)
    return train(plans[best], data, **(options | {"resume": True}))


def _changed(plan: Plan, setting: str) -> Plan:
    """The plan with ``KEY=VALUE+KEY=VALUE`` in place of what it says."""
    values = plan.to_dict()
    for part in setting.split("+"):
        key, equals, text = part.partition("=")
        section, _, name = key.strip().partition(".")
        if not equals or not isinstance(values.get(section), dict) or name not in values[section]:
            raise InvalidInputError(f"a setting of a race is KEY=VALUE of the recipe, not {part!r}")
        values[section] |= {name: _value(text.strip())}
    return Plan.from_dict(values)


def _value(text: str) -> Any:
    """A value as TOML has it; a bare word is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _last_loss(log: Path) -> float:
    """Mean loss of the last validation, or the last line of training means."""
    with log.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    valid = [row for row in rows if row["kind"] == "valid"]
    last = [row for row in valid if row["step"] == valid[-1]["step"]] if valid else rows[-1:]
    return sum(float(row["loss"]) for row in last) / len(last) if last else float("inf")


def _say(how: RunOptions, line: str) -> None:
    if how.report:
        how.report(line)
    else:
        print(line, flush=True)
