"""The one shape of every error on the wire: ``{"error": {"message", "type", "param", "code"}}``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ozora.errors import DamageError, OutOfMemoryError, RequestError, ServiceError, StoreError, TrustError, UserError
from ozora.server.folders import hide_folders

# By the name of the error: its code, and the field that is to blame where the error does not say.
CODES: dict[str, tuple[str, str | None]] = {
    "PromptError": ("invalid_value", "prompt"),
    "PolicyError": ("moderation_blocked", "prompt"),
    "SizeError": ("invalid_value", "size"),
    "MediaError": ("invalid_media", None),
    "UnknownNameError": ("model_not_found", "model"),
    "CapabilityError": ("unsupported", None),
}
# Failures of ours that pass without a new version of the server: after how many seconds to ask again.
PASSING: dict[type[ServiceError], float] = {StoreError: 1.0, TrustError: 5.0, OutOfMemoryError: 5.0}
TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as a client sees it; ``retry_after_s`` when it may pass by itself."""

    status: int
    message: str
    code: str
    param: str | None = None
    retry_after_s: float | None = None

    def to_dict(self) -> dict[str, Any]:
        kind = TYPES.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def headers(self) -> dict[str, str]:
        """Whether the SDKs are to try again, and when."""
        if self.retry_after_s is None:
            return {"x-should-retry": "false"}
        milliseconds = str(max(1, round(self.retry_after_s * 1000)))
        return {"retry-after-ms": milliseconds, "retry-after": str(max(1, round(self.retry_after_s)))}


def problem_of(error: BaseException) -> Problem:
    """What a client is told of an error; nothing of our inside where it is not meant for it."""
    if isinstance(error, MemoryError):
        error = OutOfMemoryError()
    said = public_words(error)
    if isinstance(error, RequestError):
        wait_s = 1.0 if error.status == 429 else None
        return Problem(status=error.status, message=said, code=error.code, param=error.param, retry_after_s=wait_s)
    if isinstance(error, UserError):
        code, param = CODES.get(type(error).__name__, ("invalid_value", None))
        return Problem(status=400, message=said, code=code, param=error.param or param)
    if isinstance(error, DamageError):  # asking again does not mend it
        return Problem(status=500, message=said, code="damaged")
    for kind, wait_s in PASSING.items():
        if isinstance(error, kind):
            return Problem(status=503, message=said, code="unavailable", retry_after_s=wait_s)
    return Problem(status=500, message=said, code="server_error")


def public_words(error: BaseException) -> str:
    """What may be said of an error to a stranger: the one border that the message of an error crosses.

    A refusal is told as it is, without folders of this machine. A failure of ours is told in the fixed words of its
    class; its message is for the log.
    """
    if isinstance(error, UserError):
        return hide_folders(str(error))
    if isinstance(error, ServiceError):
        return error.public
    return "something went wrong on our side; the log has the request id"
