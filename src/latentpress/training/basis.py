"""The linear transform that a network with block transforms begins with."""

from __future__ import annotations

from latentpress.errors import InvalidInputError
from latentpress.parts.block_transforms import placeholder_basis, random_basis
from latentpress.training.data import Pictures
from latentpress.training.plan import Plan
from latentpress.transforms import KltBasis, fit_klt

__all__ = ["starting_basis"]


def starting_basis(plan: Plan, pictures: Pictures | None, components: int | None = None) -> KltBasis:
    """The KLT of ``schedule.klt_pictures`` of the pictures, random directions if that is 0; without pictures one whose
    numbers a checkpoint replaces. ``components``: if there are not as many as latents. Raises InvalidInputError for
    pictures without texture.
    """
    wanted, latents = plan.schedule.klt_pictures, components or plan.model.latents
    if pictures is None:
        return placeholder_basis(latents)
    if wanted == 0:
        return random_basis(latents, plan.schedule.seed)
    try:
        return fit_klt(pictures[:: max(1, len(pictures) // wanted)], latents)
    except ValueError as error:
        raise InvalidInputError(f"the training pictures do not do: {error}") from None
