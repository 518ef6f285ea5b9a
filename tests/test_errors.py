from __future__ import annotations

import re

import pytest

from ozora import errors
from ozora.errors import OzoraError, ServiceError, SizeError, UserError, blaming


def _classes(base: type[OzoraError]) -> list[type[OzoraError]]:
    return [base, *(deeper for child in base.__subclasses__() for deeper in _classes(child))]


def _drawn() -> dict[str, str | None]:
    """Each class in the drawing of the docstring with the class above it."""
    above: dict[int, str] = {}
    drawn: dict[str, str | None] = {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^( {4}[ |+`-]*)(\w+Error)\b", line)
        if match:
            depth = (len(match[1]) - 4) // 4
            drawn[match[2]] = above.get(depth - 1)
            above[depth] = match[2]
    return drawn


def test_the_drawn_tree_is_the_tree() -> None:
    classes = _classes(OzoraError)
    own = [error for error in classes if error.__module__ == "ozora.errors"]
    assert own == classes, "every error belongs into errors.py"
    assert _drawn() == {error.__name__: _parent(error) for error in classes}


def _parent(error: type[OzoraError]) -> str | None:
    base = error.__base__
    return base.__name__ if base and issubclass(base, OzoraError) else None


@pytest.mark.parametrize(("base", "code"), [(UserError, 2), (ServiceError, 3)])
def test_exit_codes(base: type[OzoraError], code: int) -> None:
    assert {error.exit_code for error in _classes(base)} == {code}
    assert f"exit {code}" in (errors.__doc__ or "")


def test_every_error_says_what_it_is() -> None:
    assert all(error.__doc__ for error in _classes(OzoraError))


def test_the_nearest_who_knows_the_field_says_it() -> None:
    with pytest.raises(SizeError) as refused, blaming("far"), blaming("near"):
        raise SizeError("x")
    assert refused.value.param == "near"
    with pytest.raises(SizeError) as refused, blaming("far"):
        raise SizeError("x", param="own")
    assert refused.value.param == "own"
