from __future__ import annotations

from ozora.server.routes.paging import page_of


def test_a_page_names_its_ends() -> None:
    assert page_of([{"id": "a"}, {"id": "b"}], True) == {
        "object": "list",
        "data": [{"id": "a"}, {"id": "b"}],
        "first_id": "a",
        "last_id": "b",
        "has_more": True,
    }
    assert page_of([], False)["last_id"] is None
