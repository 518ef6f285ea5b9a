"""The models behind the one pipeline. Listing them loads nothing heavy."""

from __future__ import annotations

from ozora.backends.base import Backend, Capabilities, Frames, Stroke
from ozora.backends.diffusers import DiffusersBackend
from ozora.backends.maquette import MaquetteBackend
from ozora.backends.open_models import OPEN_MODELS
from ozora.errors import UnknownNameError

BACKENDS: dict[str, Backend] = {
    "maquette": MaquetteBackend(),
    **{name: DiffusersBackend(name, model) for name, model in OPEN_MODELS.items()},
}

__all__ = ["BACKENDS", "Backend", "Capabilities", "Frames", "Stroke", "find"]


def find(name: str) -> Backend:
    """The backend of a name; ``UnknownNameError`` lists those that there are."""
    if name not in BACKENDS:
        raise UnknownNameError(f"there is no model '{name}'; there are: {', '.join(BACKENDS)}")
    return BACKENDS[name]
