"""Edit verbs: each is a function from clips and wishes to a composition, of which the one pipeline makes a plan."""

from ozora.edit.blend import blend
from ozora.edit.connect import connect, loop
from ozora.edit.extend import extend
from ozora.edit.keyframes import keyframes
from ozora.edit.recut import Piece, recut
from ozora.edit.reframe import reframe
from ozora.edit.region import region
from ozora.edit.remix import remix
from ozora.edit.source import Source, read_source

__all__ = [
    "Piece",
    "Source",
    "blend",
    "connect",
    "extend",
    "keyframes",
    "loop",
    "read_source",
    "recut",
    "reframe",
    "region",
    "remix",
]
