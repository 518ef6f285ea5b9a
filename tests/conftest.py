"""Settings of the whole suite. Tensor shapes are checked as written, by jaxtyping and beartype, in tests only."""

from __future__ import annotations

from hypothesis import settings
from jaxtyping import install_import_hook

settings.register_profile("ozora", max_examples=40, deadline=None, derandomize=True, database=None)
settings.load_profile("ozora")
install_import_hook(["ozora.flow", "ozora.model"], "beartype.beartype")  # before anything imports them
