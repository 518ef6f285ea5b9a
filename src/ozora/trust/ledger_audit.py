"""The ledger counted against the log: every published file has its row, and each row the record that was published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ozora.trust import audit
from ozora.trust.ledger import FILE, Ledger

PUBLISHED, WITHDRAWN = "published", "withdrawn"
"""Events of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many lines the log has, and what is to be said of it and of the ledger."""

    num_lines: int
    log: str
    ledger: str


def compare_with_log(home: Path) -> Comparison:
    """Compare row by row and line by line; reads all of both."""
    report = audit.check(home)
    return Comparison(num_lines=report.num_lines, log=_describe_log(report), ledger=_describe_ledger(home))


def _describe_log(report: audit.AuditReport) -> str:
    if report.broken_at is not None:
        return f"broken at line {report.broken_at}"
    if report.is_head_damaged:
        return "whole as far as it goes; its head is damaged and is made again with the next line"
    return "whole"


def _describe_ledger(home: Path) -> str:
    """What of the ledger differs from the log."""
    logged: dict[str, str] = {}
    for line in audit.read(home):
        data = line.get("data", {})
        if line.get("event") == PUBLISHED:
            logged[data.get("file_sha256", "")] = data.get("record_sha256", "")
        elif line.get("event") == WITHDRAWN:
            logged.pop(data.get("file_sha256", ""), None)
    rows: dict[str, str] = {}
    if (home / FILE).exists():
        with Ledger(home) as ledger:
            rows = ledger.list_hashes()
    found = {
        "in the log but not in the ledger": len(logged.keys() - rows.keys()),
        "in the ledger but not in the log": len(rows.keys() - logged.keys()),
        "with another record than the log names": sum(
            bool(logged[name]) and logged[name] != rows[name] for name in rows.keys() & logged.keys()
        ),
    }
    said = [f"{number} {text}" for text, number in found.items() if number]
    return "; ".join(said) + ": restore it from a backup" if said else "agrees with the log"
