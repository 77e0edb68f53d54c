"""A training recipe: one TOML file that says everything a run depends on besides its pictures."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentpress.catalogue import folder_of, system, systems
from latentpress.errors import InvalidInputError
from latentpress.training.schedule import read

if TYPE_CHECKING:
    from latentpress.training.system import Training

__all__ = ["Plan", "load_plan", "read_recipe", "recipe_path", "training_of"]


@dataclass(frozen=True)
class Plan:
    """A recipe that has been checked. ``codec``: the system to train; ``model``: sizes of its network; ``schedule``:
    the run; ``more``: the further sections that its training declares (`Training.sections`), all of them.
    """

    codec: str
    model: Any
    schedule: Any
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def objective(self) -> Any:
        """The section ``[objective]``: what the run is for. None for a training that declares no such section."""
        return self.more.get("objective")

    def to_dict(self) -> dict[str, Any]:
        """Plain nested values, for checkpoints and cards."""
        sections = {"model": self.model, "schedule": self.schedule, **self.more}
        return {"codec": self.codec} | {name: asdict(section) for name, section in sections.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """The plan of nested values as read from TOML. Raises InvalidInputError for a codec that is not trained, and
        for what `read` refuses.
        """
        kind = training_of(values.get("codec"))
        unknown = set(values) - {"codec", "model", "schedule", *kind.sections}
        if unknown:
            raise InvalidInputError(f"recipe has unknown section or key: {', '.join(sorted(unknown))}")

        def section(name: str, of: type[Any]) -> Any:
            given = values.get(name, {})
            if not isinstance(given, Mapping):
                raise InvalidInputError(f"recipe: {name} must be a section, not {given!r}")
            return read(of, name, given)

        model, schedule = section("model", kind.model_type), section("schedule", kind.schedule_type)
        return cls(values["codec"], model, schedule, {name: section(name, of) for name, of in kind.sections.items()})


def training_of(codec: Any) -> type[Training]:
    """The class that trains a system. Raises InvalidInputError when there is none, naming those that can be trained."""
    trained = [one.id for one in systems() if one.training]
    if codec not in trained:
        raise InvalidInputError(f"recipe names codec {codec!r}; this version trains: {', '.join(trained)}")
    declared = system(codec)
    kind: type[Training] = declared.load(declared.training)
    return kind


def recipe_path(name: str) -> Path:
    """A recipe file: ``name`` is a path, or names a recipe of the package: the id of a system for ``recipe.toml`` in
    its folder, ``<id>-<variant>`` for ``recipe-<variant>.toml``.
    """
    for id in sorted((one.id for one in systems() if name.startswith(one.id)), key=len, reverse=True):
        shipped = folder_of(id) / f"recipe{name.removeprefix(id)}.toml"
        if shipped.is_file():
            return shipped
    return Path(name)


def _recipes() -> list[str]:
    """Names of the recipes of the package."""
    paths = [(one.id, path.stem) for one in systems() for path in folder_of(one.id).glob("recipe*.toml")]
    return sorted(id + stem.removeprefix("recipe") for id, stem in paths)


def read_recipe(name: str | Path) -> dict[str, Any]:
    """The nested values of a recipe file, or of a shipped recipe by name. Raises InvalidInputError with the reason."""
    path = recipe_path(str(name))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidInputError(
            f"there is no recipe {name}; those of the package are: {', '.join(_recipes())}"
        ) from None
    except OSError as error:
        raise InvalidInputError(f"cannot read recipe {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"recipe {path} is not valid TOML: {error}") from None


def load_plan(recipe: str | Path | Plan) -> Plan:
    """The plan of a recipe file or of a shipped recipe by name. Raises InvalidInputError with the reason."""
    return recipe if isinstance(recipe, Plan) else Plan.from_dict(read_recipe(recipe))
