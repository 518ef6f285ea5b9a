"""Scripts by a language model: a story goes to a chat server with OpenAI's interface, a storyboard comes back."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import Any

from ozora.edit.storyboard import board_schema, parse_board
from ozora.errors import ServiceError, UserError

TRIES = 3
TIMEOUT_S = 120
MAX_BYTES = 2_000_000
TASK = """You write storyboards for a text-to-video system. Answer with one JSON object that fits this JSON schema and
nothing else. Each card says in one plain sentence what is seen: things, colors, motion, place, time of day. Times are
seconds; the first card is at 0. Put recurring figures into `cast` and write @name in the cards. Cards that touch are
cut; "transition": "write" goes on in the same shot.

"""


def ask(story: str, *, url: str, model: str, key: str = "") -> dict[str, Any]:
    """A storyboard of ``story`` as plain data, written by ``model`` of the server at ``url`` (up to ``/v1``).

    What does not fit is sent back with the reason, twice at most. ``UserError`` when it never fits, ``ServiceError``
    when the server cannot be asked.
    """
    talk = [
        {"role": "system", "content": TASK + json.dumps(board_schema())},
        {"role": "user", "content": story},
    ]
    reason = ""
    for _ in range(TRIES):
        answer = _chat(talk, url=url, model=model, key=key)
        try:
            data = _json(answer)
            parse_board(data)
        except (UserError, ValueError) as error:
            reason = str(error)
            talk += [
                {"role": "assistant", "content": answer},
                {
                    "role": "user",
                    "content": f"That does not fit: {reason}. Answer with the corrected JSON object only.",
                },
            ]
        else:
            return data
    raise UserError(f"{model} wrote no storyboard that fits, after {TRIES} tries: {reason}")


def _json(answer: str) -> dict[str, Any]:
    """The JSON object in an answer, which may stand in a code block."""
    block = re.search(r"\{.*\}", answer, re.DOTALL)
    if block is None:
        raise ValueError("there is no JSON object")
    data = json.loads(block[0])
    assert isinstance(data, dict)
    return data


def _chat(talk: list[dict[str, str]], *, url: str, model: str, key: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise UserError(f"'{url}' is no address of a chat server; give one such as http://localhost:8080/v1")
    head = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    body = json.dumps({"model": model, "messages": talk, "temperature": 0}).encode()
    request = urllib.request.Request(f"{url.rstrip('/')}/chat/completions", data=body, headers=head)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            data = json.loads(response.read(MAX_BYTES))
        return str(data["choices"][0]["message"]["content"])
    except urllib.error.HTTPError as error:
        raise ServiceError(f"the chat server at {url} answers {error.code}: check its model name and key") from error
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise ServiceError(f"the chat server at {url} cannot be asked ({error}): is it running?") from error
