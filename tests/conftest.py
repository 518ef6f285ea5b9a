"""Settings of the whole suite."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("ozora", max_examples=40, deadline=None, derandomize=True, database=None)
settings.load_profile("ozora")
