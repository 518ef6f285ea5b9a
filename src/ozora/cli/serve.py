"""``ozora serve``, ``ozora keys``, ``ozora mcp``: the server in one command, who may use it, tools before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ozora.control_characters import escape_controls

if TYPE_CHECKING:
    from ozora.server.database import Database
    from ozora.server.settings import Settings

FOLDER = Path("ozora-data")

Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="Where the database and the files are.")]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="A database such as postgresql://user@host/name.")
]

keys = typer.Typer(help="The keys of the API: who may use this server, and how much.", rich_markup_mode=None)


def add_server(app: typer.Typer) -> None:
    """Hang the commands into the program."""
    app.command()(serve)
    app.command()(mcp)
    app.add_typer(keys, name="keys")


def serve(
    data: Data = FOLDER,
    database: DatabaseUrl = None,
    files: Annotated[
        str | None, typer.Option("--files", metavar="URL", help="Where files go instead, such as s3://bucket/ozora.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=0, help="How many processes paint.")] = 1,
    web: Annotated[bool, typer.Option("--web/--no-web", help="Answer requests, or only paint.")] = True,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="A private host that URLs in requests may name.")
    ] = None,
) -> None:
    """Serve the Videos API and paint what it is asked for."""
    import dataclasses
    import threading

    from ozora.server import logs
    from ozora.server.local_key import keep_local_key
    from ozora.server.process import on_stop
    from ozora.server.supervisor import WEB, commands_of, supervise
    from ozora.trust.settings import find_home

    settings = dataclasses.replace(
        choose_places(data, database, files),
        host=host,
        port=port,
        workers=workers,
        private_hosts=tuple(allow_host or ()),
        supervised=True,
    )
    with open_database(settings):
        pass  # a wrong place is refused here, in one sentence
    logs.start()
    stop = threading.Event()
    on_stop(stop)
    if web:
        keep_local_key(find_home())  # a home that cannot keep it is refused here, too
        typer.echo(f"the API is at http://{host}:{port}/v1, its page at http://{host}:{port}/docs", err=True)
        typer.echo(
            "every request needs a key; yours, on this machine: export OPENAI_API_KEY=$(ozora keys local)", err=True
        )
    commands = commands_of(settings)
    supervise(settings, commands if web else [command for command in commands if command != WEB], stop)


def mcp(
    url: Annotated[
        str, typer.Option(metavar="URL", envvar="OZORA_API_URL", help="The server that is asked; start it before.")
    ] = "http://127.0.0.1:8000",
    key: Annotated[
        str, typer.Option(metavar="KEY", envvar="OZORA_API_KEY", help="Its key; on this machine it is found by itself.")
    ] = "",
    http: Annotated[
        bool, typer.Option("--http", help="Answer at http://127.0.0.1:PORT/mcp, not on the standard streams.")
    ] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port for --http.")] = 8001,
) -> None:
    """Offer a running server as tools of the Model Context Protocol (MCP)."""
    from urllib.parse import urlsplit

    from ozora.errors import UserError

    place = url.rstrip("/").removesuffix("/v1")
    if urlsplit(place).scheme not in ("http", "https") or not urlsplit(place).netloc:
        raise UserError(f"'{url}' is no address of a server; give one such as http://127.0.0.1:8000")
    try:
        from ozora.server.caller import caller_of
        from ozora.server.mcp import serve_http, serve_stdio
    except ImportError as error:
        raise UserError(f"the tools need more packages ({error.name}): pip install 'ozora[server]'") from error

    if http and key:
        raise UserError("over HTTP each request brings its own key; leave out --key and OZORA_API_KEY")
    if http:
        typer.echo(f"the tools are at http://127.0.0.1:{port}/mcp, for requests that bring a key", err=True)
        serve_http(place, port)
    else:
        serve_stdio(caller_of(place, key))


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Whose it is.")],
    data: Data = FOLDER,
    database: DatabaseUrl = None,
    scope: Annotated[list[str] | None, typer.Option(help="read, write, webhooks; default: all.")] = None,
    requests_a_minute: Annotated[int, typer.Option(min=1, help="Requests that change something.")] = 600,
    running_jobs: Annotated[int, typer.Option(min=1, help="Videos painted at the same time.")] = 4,
    seconds_a_day: Annotated[float, typer.Option(min=0, help="Seconds of video in 24 hours.")] = 86400.0,
) -> None:
    """Make a key and print it; it cannot be shown again."""
    import time

    from ozora.server.keys import SCOPES, Limits, create

    limits = Limits(requests_a_minute=requests_a_minute, running_jobs=running_jobs, seconds_a_day=seconds_a_day)
    with open_database(choose_places(data, database)) as place, place.writing() as connection:
        _, text = create(connection, name, now=time.time(), scopes=tuple(scope or SCOPES), limits=limits)
    typer.echo(text)


@keys.command("local")
def show_local_key() -> None:
    """Print the key of this machine's own user; it is made if there is none yet."""
    from ozora.server.local_key import keep_local_key
    from ozora.trust.settings import find_home

    typer.echo(keep_local_key(find_home()))


@keys.command("list")
def list_keys(data: Data = FOLDER, database: DatabaseUrl = None) -> None:
    """Show every key, without its secret."""
    from ozora.server.keys import all_keys

    with open_database(choose_places(data, database)) as place, place.reading() as connection:
        for key in all_keys(connection):
            state = "revoked" if key.revoked_at else "valid"
            limits = key.limits
            typer.echo(
                f"{key.id}  {state}  {','.join(key.scopes)}  {limits.requests_a_minute}/min  "
                f"{limits.running_jobs} at once  {limits.seconds_a_day:g} s/day  {escape_controls(key.name)}"
            )


@keys.command("revoke")
def revoke_key(
    identity: Annotated[str, typer.Argument(metavar="ID", help="The id that `ozora keys list` shows.")],
    data: Data = FOLDER,
    database: DatabaseUrl = None,
) -> None:
    """End a key at once."""
    import time

    from ozora.server.keys import revoke

    with open_database(choose_places(data, database)) as place, place.writing() as connection:
        key = revoke(connection, identity, time.time())
    typer.echo(f"{key.id} ({escape_controls(key.name)}) is revoked")


def choose_places(data: Path, database: str | None = None, files: str | None = None) -> Settings:
    """Return the settings of a server by what was said of its places."""
    import dataclasses

    from ozora.server.settings import in_folder

    settings = in_folder(data)
    settings = settings if database is None else dataclasses.replace(settings, database=database)
    return settings if files is None else dataclasses.replace(settings, data=files)


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Open the database of a server, private to its user and with its tables as they are now, for the block."""
    from ozora.errors import UserError

    try:
        from ozora.server.database import Database
        from ozora.server.postures import keep_private
        from ozora.server.store import Store
    except ImportError as error:
        raise UserError(f"the server needs more packages ({error.name}): pip install 'ozora[server]'") from error

    Store(settings.data)
    keep_private(settings)
    database = Database(settings.database)
    try:
        database.migrate()
        yield database
    finally:
        database.close()
