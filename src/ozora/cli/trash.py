"""``ozora trash``: what a server has deleted and can be brought back, or is to be deleted for good now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ozora.cli.serve import FOLDER, Data, DatabaseUrl, choose_places, open_database

if TYPE_CHECKING:
    from ozora.server.settings import Settings
    from ozora.server.store import Store

Files = Annotated[
    str | None, typer.Option("--files", metavar="URL", help="Where files are instead, such as s3://bucket/ozora.")
]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="The id of a video or file, or a number of the trash.")
]

trash = typer.Typer(help="What a server has deleted: bring it back, or delete it for good.", rich_markup_mode=None)


def add_trash(app: typer.Typer) -> None:
    """Hang the commands into the program."""
    app.add_typer(trash, name="trash")


@trash.command("list")
def list_entries(data: Data = FOLDER, files: Files = None) -> None:
    """Show everything in the trash: number, what it was, bytes."""
    store = _store(choose_places(data, None, files))
    from ozora.server.trash import list_trash

    for entry in list_trash(store):
        typer.echo(f"{entry.number}  {entry.path}  {entry.size_bytes}")


@trash.command("restore")
def restore_entries(
    names: Names = None, data: Data = FOLDER, database: DatabaseUrl = None, files: Files = None
) -> None:
    """Bring videos and files back to where they were; those that the database knows are seen again."""
    import time

    from ozora.errors import UserError

    if not names:
        raise UserError("say what to restore; `ozora trash list` shows what there is")
    settings = choose_places(data, database, files)
    store = _store(settings)
    from ozora.server.census import has_row
    from ozora.server.trash import find_entries, restore

    found = [entry for name in names for entry in find_entries(store, name)]
    with open_database(settings) as place:
        for entry in found:
            with place.writing() as connection:
                restore(connection, store, entry, now=time.time(), keep_s=settings.keep_s)
            known = has_row(place, entry.path)
            more = "" if known else " (the database does not know it: it goes again after a day, unless it is restored)"
            typer.echo(f"{entry.path} is back{more}")


@trash.command("empty")
def empty(
    names: Names = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is in the trash.")] = False,
    data: Data = FOLDER,
    files: Files = None,
) -> None:
    """Delete what is in the trash for good, now; nothing brings it back."""
    from ozora.errors import UserError

    if bool(names) == everything:
        raise UserError("say what to delete for good, or --all; `ozora trash list` shows what there is")
    store = _store(choose_places(data, None, files))
    from ozora.server.trash import find_entries, list_trash, purge

    found = list_trash(store) if everything else [entry for name in names or [] for entry in find_entries(store, name)]
    for entry in found:
        purge(store, entry)
        typer.echo(f"{entry.path} is deleted for good")


def _store(settings: Settings) -> Store:
    from ozora.errors import UserError

    try:
        from ozora.server.store import Store
    except ImportError as error:
        raise UserError(f"the server needs more packages ({error.name}): pip install 'ozora[server]'") from error

    return Store(settings.data)
