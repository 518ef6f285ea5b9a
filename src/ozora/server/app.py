"""The web application: the routes behind one envelope, with one shape of error."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ozora import __version__
from ozora.errors import OzoraError
from ozora.server import keys
from ozora.server.access import Door
from ozora.server.answers import answer_of
from ozora.server.database import Database
from ozora.server.desk import Desk
from ozora.server.envelope import Envelope
from ozora.server.health import health_of
from ozora.server.housekeeping import Housekeeper
from ozora.server.local_key import keep_local_key
from ozora.server.lookout import Lookout
from ozora.server.metrics import Meters
from ozora.server.polls import Polls
from ozora.server.routes.batches import batch_routes
from ozora.server.routes.characters import character_routes
from ozora.server.routes.files import file_routes
from ozora.server.routes.models import model_routes
from ozora.server.routes.provenance import provenance_routes
from ozora.server.routes.service import service_routes
from ozora.server.routes.videos import video_routes
from ozora.server.routes.webhooks import webhook_routes
from ozora.server.settings import Settings
from ozora.server.store import Store
from ozora.trust.settings import find_home

ROUTES = (
    character_routes,
    video_routes,
    model_routes,
    file_routes,
    batch_routes,
    webhook_routes,
    provenance_routes,
    service_routes,
)


def make_app(settings: Settings) -> FastAPI:
    """The application of one web process; opens the database and brings its tables up to date."""
    database, store = Database(settings.database), Store(settings.data)
    database.migrate()
    with database.writing() as connection:
        keys.ensure_local(connection)
    health = health_of(database, store)
    desk = Desk(settings=settings, database=database, store=store, meters=Meters(database, health), health=health)
    keeper = Housekeeper(settings, database, store)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        keeper.start()
        yield
        keeper.stop()
        database.close()

    app = FastAPI(title="Ozora", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    door = Door(desk, keep_local_key(find_home()))
    for routes in ROUTES:
        app.include_router(routes(desk, door))
    app.add_middleware(Polls, may_read=door.open("read"), lookout=Lookout(database))
    app.add_middleware(Envelope, desk=desk)
    for kind in (OzoraError, HTTPException, RequestValidationError, ClientDisconnect):
        app.add_exception_handler(kind, _answer)
    return app


async def _answer(request: Request, error: Exception) -> Response:
    return answer_of(request, error)
