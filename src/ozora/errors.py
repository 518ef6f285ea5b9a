"""Every error that Ozora raises on purpose, one tree.

    OzoraError
    +-- UserError            the request is at fault; says what to change    exit 2, HTTP 4xx
    |   +-- PromptError      empty, over-long or non-text prompt
    |   +-- SizeError        size, duration or frame rate out of range
    |   +-- MediaError       a given file cannot be read or is too large
    |   +-- OutputError      the output cannot be written
    |   +-- SnapshotError    a saved step is damaged, or of another painting
    |   +-- UnknownNameError a model, recipe, solver ... that does not exist
    |   +-- PolicyError      the policy refuses the request, or holds it for a person to look at
    |   +-- CapabilityError  the chosen backend cannot do what the plan asks
    |   `-- RequestError     a call of the server is refused: no key, unknown id, over a limit
    `-- ServiceError         our side is at fault                            exit 3, HTTP 5xx
        +-- WeightsError     weights missing or damaged
        +-- TrustError       a file cannot be marked, signed or written down: it is not published
        |   `-- TimeAuthorityError   the time stamp service does not answer; the file itself is signed
        +-- RendererError    no OpenGL context for the stage
        +-- CheckpointError  a training checkpoint cannot be read or does not fit
        +-- OutOfMemoryError this machine has not enough memory now
        +-- PaintingError    a model has painted nothing that can be shown
        `-- StoreError       the database or the file store cannot be reached now
            +-- DamageError  a stored file is not what was stored: it is not handed out
            +-- MismatchError   database and file store do not belong together
            +-- DiskFullError   the file store has no room left
            `-- BusyError       this process has enough to do, or is about to stop

A message is one sentence for a person: what is wrong, and what would work. That of a ``ServiceError`` is for whoever
runs the installation and may name folders; ``public`` is what a client of the server is told instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class OzoraError(Exception):
    """Base of all deliberate errors. ``exit_code`` is what the command line returns."""

    exit_code = 1


class UserError(OzoraError):
    """The request cannot be met as it stands. ``param`` is the argument or field that is to blame, where one is."""

    exit_code = 2

    def __init__(self, message: str = "", *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class PromptError(UserError):
    """The prompt is empty, too long, or not text."""


class SizeError(UserError):
    """A size, duration or frame rate is out of range."""


class MediaError(UserError):
    """A given image or video cannot be read."""


class OutputError(UserError):
    """The result cannot be written where it was asked for."""


class SnapshotError(UserError):
    """What was saved of a painting is damaged, or of another one."""


class UnknownNameError(UserError):
    """A name (model, recipe, solver, color ...) that is not in its list."""


class PolicyError(UserError):
    """The policy refuses the request or holds it for review; the message names the rule."""


class CapabilityError(UserError):
    """The chosen backend cannot do this; the message names those that can."""


class RequestError(UserError):
    """A call of the server is refused. ``status`` is that of HTTP; ``code`` and ``param`` are for programs."""

    def __init__(
        self, message: str, *, status: int = 400, code: str = "invalid_value", param: str | None = None
    ) -> None:
        super().__init__(message, param=param)
        self.status, self.code = status, code


class ServiceError(OzoraError):
    """Something on our side failed. ``public`` says so to a stranger, without a name of this machine.

    It belongs to the class and is a constant, so that nothing of this machine can get into it. An error that is raised
    without a message says the same to the operator.
    """

    exit_code = 3
    public = "something is wrong on the server's side; its operator finds the reason in the log"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.public)


class WeightsError(ServiceError):
    """Model weights are missing or do not have the expected hash."""

    public = "the model cannot be loaded on the server now; its operator finds the reason in the log"


class TrustError(ServiceError):
    """Provenance or policy cannot do its work, so nothing is published."""

    public = "the server cannot check or sign videos now, so none are made; its operator finds the reason in the log"


class TimeAuthorityError(TrustError):
    """The time stamp service cannot be reached or refuses; everything else of the file could be signed."""

    public = "the server's time stamp service does not answer now; the video is signed when it does"


class RendererError(ServiceError):
    """The stage cannot be drawn on this machine."""


class CheckpointError(ServiceError):
    """A training checkpoint cannot be read or does not fit the recipe."""


class OutOfMemoryError(ServiceError):
    """There is not enough memory for this now; a smaller size, or a later time, may do."""

    public = "the server has not enough memory for this now; make it smaller or shorter, or try again later"


class PaintingError(ServiceError):
    """What a model has painted cannot be shown: numbers that are not finite, or one single color from end to end."""

    public = "the model painted nothing that can be shown; try again, with another seed or more steps"


class StoreError(ServiceError):
    """The database or the file store of the server cannot be reached now; nothing is lost, try again."""

    public = "the server's database or file store cannot be used now; nothing is lost, try again"


class DamageError(StoreError):
    """The bytes of a stored file are not those that were stored: its size or its hash is another one."""

    public = (
        "the stored file is damaged, so that it is not sent; its operator restores it from a backup, or make it again"
    )


class MismatchError(StoreError):
    """The database and the file store are of different installations, or one of them is lost in part."""

    public = "the server's database and file store do not belong together; its operator finds the reason in the log"


class DiskFullError(StoreError):
    """The file store has no room left; jobs that are being painted may still end."""

    public = "the server's disk is full, so that nothing can be kept now; try again later"


class BusyError(StoreError):
    """This process has enough to do already, or is about to stop; nothing was done."""

    public = "the server is busy or about to start again; nothing was done, try again in a moment"


@contextlib.contextmanager
def blaming(param: str) -> Iterator[None]:
    """What is refused inside is said of ``param``, unless the error knows a nearer one."""
    try:
        yield
    except UserError as error:
        error.param = error.param or param
        raise
