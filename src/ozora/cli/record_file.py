"""A record or a plan on disk, as the request to make its clip again."""

from __future__ import annotations

import json
from pathlib import Path

from ozora.errors import UserError
from ozora.plan import Plan, Record


def read_request(path: Path) -> tuple[Plan, Record | None]:
    """The plan in ``path``, and its record if it is one; ``UserError`` when it is neither."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if "plan" not in data:
            return Plan.from_dict(data), None
        record = Record.from_dict(data)
        return record.plan, record
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): give the .json file beside a clip") from error
    except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise UserError(f"{path} is no plan or record of Ozora: give the .json file beside a clip") from error
