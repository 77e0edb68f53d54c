"""Classes of the segmenter as regions of interest: of any codec that knows regions."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.models import find_model
from latentpress.systems.semantic.layout import CELL, CLASSES
from latentpress.systems.semantic.model import SemanticModel
from latentpress.systems.semantic.segmenter import segmented

__all__ = ["mask_of_classes"]


def mask_of_classes(image: Image, classes: Collection[int], model: str | None = None) -> NDArray[np.bool_]:
    """Where (height, width) a picture is of one of the classes, 0 (the darkest on average) to 5. model: a package of
    `SemanticCodec`.

    Raises InvalidInputError for a class that there is not, UnsupportedError if the package is not installed.
    """
    strange = [one for one in classes if not 0 <= one < CLASSES]
    if strange:
        raise InvalidInputError(f"classes are 0 to {CLASSES - 1}, not {strange[0]}")
    centres = SemanticModel.open(find_model("semantic", name=model)).centres
    found = segmented(image.pixels[:, :, : image.channels - image.has_alpha], centres, image.bit_depth)
    here = np.isin(found, list(classes))
    return here.repeat(CELL, 0).repeat(CELL, 1)[: image.height, : image.width]
