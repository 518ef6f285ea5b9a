"""The command line. Nothing heavy is loaded before a command needs it, so that ``--help`` is instant."""

from ozora.cli.commands import main

__all__ = ["main"]
