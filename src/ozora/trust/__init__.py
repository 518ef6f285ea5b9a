"""Provenance and policy: what may be published, and how its origin is shown and found again."""
