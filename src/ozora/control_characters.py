"""Characters that command instead of show: terminals obey control characters, and bidirectional ones reorder a line.

What others wrote (a prompt, a name in a certificate, a title) is never printed with them in it: a person must see what
is there. Sources: ECMA-48 for control functions, Unicode Annex 9 for bidirectional formatting, CVE-2021-42574.
"""

from __future__ import annotations

import json
import re

_CONTROLS = r"\x00-\x1f\x7f-\x9f"  # C0, delete, C1: an escape sequence needs one of these to begin
_BREAKS = r"\u2028\u2029"  # line and paragraph separator: some programs begin a line there
_DIRECTIONS = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks, embeddings, overrides, isolates
_COMMANDS = re.compile(f"[{_CONTROLS}{_BREAKS}{_DIRECTIONS}\ud800-\udfff]")  # half a surrogate pair cannot be encoded


def escape_controls(text: str) -> str:
    """Return ``text`` with every such character written out, such as ``\\x1b`` or ``\\u202e``; always one line."""
    return _COMMANDS.sub(lambda match: _write_out(match[0]), text)


def find_control(text: str, *, allowed: str = "") -> str | None:
    """Return the first such character of ``text`` written out, or ``None``; those in ``allowed`` do not count."""
    for match in _COMMANDS.finditer(text):
        if match[0] not in allowed:
            return _write_out(match[0])
    return None


def dump_json(value: object, *, indent: int | None = None) -> str:
    """Return ``value`` as JSON in the letters of its texts, with control characters as JSON's escapes."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)  # those of ASCII are escapes already
    return _COMMANDS.sub(lambda match: match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}", text)


def _write_out(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
