"""Painters: packages with another synthesis for the files of a model, beside its own.

No bit of a file depends on who paints it: its values are those that the model's exact networks give.
"""

from __future__ import annotations

from latentpress.codecs.models import StandIn
from latentpress.errors import InvalidInputError, SettingError, UnsupportedError
from latentpress.models import ModelPackage, installed_models, where_to_get

__all__ = ["GENERATIVE", "PAINTER", "PREVIEW", "painter_of", "painting"]

PAINTER = "painter"
"""What the card of such a package names as its codec. Its config has the model's id as ``model``, what it is asked for
by as ``painter``, its ``margin``, and whether it ``blends``: goes from the model's own synthesis, 0, to the painter, 1,
by the input ``look``.
"""

PREVIEW, GENERATIVE = "preview", "sharp"
"""The painters that `latentpress.decompress` knows by what they are for."""


def painting(preview: bool = False, look: float = 0.0) -> dict[str, object]:
    """Settings of a codec for what `latentpress.decompress` is asked. Raises InvalidInputError."""
    if isinstance(look, bool) or not isinstance(look, int | float) or not 0 <= look <= 1:
        raise InvalidInputError(f"look must be a number from 0 to 1, not {look!r}")
    if preview and look:
        raise SettingError(f"{SettingError.name('preview')} goes with no {SettingError.name('look')}")
    if preview:
        return {"painter": PREVIEW}
    return {"painter": GENERATIVE, "look": look} if look else {}


def painter_of(model: ModelPackage, painter: str, look: float = 1.0) -> StandIn:
    """The painter of that name for the files of a model. Raises UnsupportedError when none is installed,
    InvalidInputError for a ``look`` below 1 of one that does not blend.
    """
    wanted = {"model": model.id.hex(), "painter": painter}
    for package in installed_models(PAINTER):
        if wanted.items() <= package.config.items():
            if package.config.get("blends"):
                return StandIn(package, (("look", float(look)),))
            if look != 1:
                raise InvalidInputError(f"the painter {package.name} has one look only")
            return StandIn(package)
    found = where_to_get(f"{model.name}-{painter}")
    raise UnsupportedError(f"no painter {painter!r} for files of the model {model.name} is installed{found}")
