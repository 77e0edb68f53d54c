"""Model packages: networks, integer tables and card of a trained codec, found by name or by the id in a file."""

from latentpress.models.package import ModelPackage, package_digest
from latentpress.models.shelf import (
    SEARCH_PATH,
    ModelPathWarning,
    absolute_name,
    find_model,
    installed_models,
    named_model,
    where_to_get,
)

__all__ = [
    "SEARCH_PATH",
    "ModelPackage",
    "ModelPathWarning",
    "absolute_name",
    "find_model",
    "installed_models",
    "named_model",
    "package_digest",
    "where_to_get",
]
