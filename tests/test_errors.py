"""One exception tree."""

from __future__ import annotations

import pickle

import pytest

from latentpress import errors


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_a_latentpress_error(name: str) -> None:
    assert issubclass(getattr(errors, name), errors.LatentPressError)


def test_missing_extra_names_the_command_and_survives_pickle() -> None:
    error = pickle.loads(pickle.dumps(errors.MissingExtraError("training", "train")))
    assert "[train]'" in str(error)
    assert (error.feature, error.extra) == ("training", "train")
