"""The public face: complete, documented, and quick to import."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import latentpress

PACKAGE = Path(latentpress.__file__).parent
# Modules that need an extra; they are checked where it is installed.
NEEDS_EXTRA = (
    "latentpress.parts",
    "latentpress.systems",
    "latentpress.studies",
    "latentpress.training",
    "latentpress.metrics",
    "latentpress.bench",
)


def modules() -> list[str]:
    """Names of all modules of the package, private ones and ``__main__`` left out."""
    found = [module.name for module in pkgutil.walk_packages([str(PACKAGE)], "latentpress.")]
    return ["latentpress", *(name for name in found if "._" not in name)]


def load(name: str) -> ModuleType:
    """Import a module, or skip the test where its extra is missing."""
    if name.startswith(NEEDS_EXTRA):
        return pytest.importorskip(name)
    return importlib.import_module(name)


def test_names_are_complete_and_sorted() -> None:
    assert latentpress.__all__ == sorted(latentpress.__all__)
    assert dir(latentpress) == latentpress.__all__
    for name in latentpress.__all__:
        assert getattr(latentpress, name) is not None
    # Every public name is listed: what the module resolves lazily, its exceptions, and nothing else.
    own = {name for name, value in vars(latentpress).items() if inspect.isclass(value) or inspect.isfunction(value)}
    public = {name for name in own | set(latentpress._LAZY) if not name.startswith("_")}
    assert public | {"__version__"} == set(latentpress.__all__)


def test_every_exception_is_public() -> None:
    errors = importlib.import_module("latentpress.errors")
    assert set(errors.__all__) <= set(latentpress.__all__)


def test_lazy_names_are_the_ones_that_type_checkers_see() -> None:
    """The table of lazy names and the imports under TYPE_CHECKING say the same."""
    source = (PACKAGE / "__init__.py").read_text()
    block = source.split("if TYPE_CHECKING:\n")[1].split("\n\n")[0]
    seen = {}
    for line in block.splitlines():
        module, names = line.removeprefix("    from ").split(" import ")
        for part in names.split(", "):
            name, _, public = part.partition(" as ")
            seen[public or name] = (module, name)
    assert seen == latentpress._LAZY


def test_unknown_names_raise() -> None:
    with pytest.raises(AttributeError, match="no attribute 'compres'"):
        latentpress.compres  # noqa: B018


def test_version_is_the_one_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert latentpress.__version__ == project["project"]["version"]


@pytest.mark.parametrize("name", modules())
def test_everything_public_has_its_docstring(name: str) -> None:
    module = load(name)
    assert module.__doc__, name
    for public in getattr(module, "__all__", ()):
        value = getattr(module, public)
        if not (inspect.isclass(value) or inspect.isfunction(value)) or value.__module__.split(".")[0] != "latentpress":
            continue
        # A dataclass without one gets its signature as the docstring.
        assert value.__doc__, f"{name}.{public}"
        assert not value.__doc__.startswith(f"{public}("), f"{name}.{public}"
        if inspect.isclass(value):
            for method, function in vars(value).items():
                if not method.startswith("_") and (callable(function) or isinstance(function, property)):
                    assert inspect.getdoc(getattr(value, method)), f"{name}.{public}.{method}"


@pytest.mark.parametrize("name", modules())
def test_every_module_lists_its_names(name: str) -> None:
    module = load(name)
    defined = [
        key
        for key, value in vars(module).items()
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == name and key[0] != "_"
    ]
    if defined:
        for key in module.__all__:
            assert hasattr(module, key), f"{name}.__all__ lists {key}"


def test_importing_the_package_is_light() -> None:
    """In a fresh interpreter: none of the heavy packages, and not even NumPy."""
    code = f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); import latentpress, json"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {module.partition(".")[0] for module in json.loads(done.stdout)}
    assert not loaded & {"PIL", "constriction", "numpy", "onnxruntime", "rich", "scipy", "torch", "typer"}
