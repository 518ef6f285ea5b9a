from __future__ import annotations

import pytest

from ozora.errors import RequestError
from ozora.server import jobs
from ozora.server.cursors import number_of
from ozora.server.database import Database
from ozora.server.keys import LOCAL
from ozora.server.tables import JOBS
from tests.server.samples import draft


def test_a_row_that_was_deleted_still_has_its_place(database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 1.0)
        jobs.delete(connection, job, 2.0)
        assert number_of(connection, JOBS, job.id, LOCAL) == job.number


def test_what_is_unknown_or_another_keys_is_refused(database: Database) -> None:
    with database.writing() as connection:
        job = jobs.add(connection, draft(), 1.0)
        for identity, key_id in (("video_no", LOCAL), (job.id, "other")):
            with pytest.raises(RequestError, match="without 'after'") as refused:
                number_of(connection, JOBS, identity, key_id)
            assert (refused.value.status, refused.value.param) == (404, "after")
