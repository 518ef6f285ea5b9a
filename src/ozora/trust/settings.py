"""What an installation may choose about provenance and policy: the file ``trust.json`` in the home folder."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ozora.errors import TrustError

FILE = "trust.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustSettings:
    """``certificate`` and ``key`` are PEM files of a real certificate chain (leaf first), else the own one signs.

    ``prompt`` says whether a signed file shows the prompt or its hash; ``time_authority`` is the address of an RFC 3161
    service, empty for none; ``rules`` are more rule packs for the policy; ``keys`` gives API keys rules of their own.
    """

    certificate: str = ""
    key: str = ""
    prompt: Literal["hash", "text"] = "hash"
    time_authority: str = ""
    rules: tuple[str, ...] = ()
    keys: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)


def find_home() -> Path:
    """The folder of this installation's keys, ledger and log: ``OZORA_HOME``, else ``~/.local/share/ozora``."""
    return Path(os.environ.get("OZORA_HOME") or Path.home() / ".local" / "share" / "ozora")


def read_settings(home: Path) -> TrustSettings:
    """The settings in ``home``, defaults where there are none; ``TrustError`` when they cannot be understood."""
    path = home / FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise TrustError(f"{path} cannot be read as JSON: correct or remove it") from error
    return _parse(data, path)


def _parse(data: Any, path: Path) -> TrustSettings:  # noqa: ANN401 - what a file holds
    known = [field.name for field in dataclasses.fields(TrustSettings)]
    if not isinstance(data, dict) or not set(data) <= set(known):
        raise TrustError(f"{path} holds a setting that does not exist: there are {', '.join(known)}")
    settings = TrustSettings(**{**data, "rules": tuple(data.get("rules", ()))})
    texts = (settings.certificate, settings.key, settings.time_authority, *settings.rules)
    if not all(isinstance(text, str) for text in texts) or not isinstance(settings.keys, dict):
        raise TrustError(f"{path} holds a value of the wrong kind: see docs/trust.md")
    if settings.prompt not in ("hash", "text"):
        raise TrustError(f'{path} says prompt "{settings.prompt}": write "hash" or "text"')
    if bool(settings.certificate) != bool(settings.key):
        raise TrustError(f"{path} needs both certificate and key, or neither")
    return settings
