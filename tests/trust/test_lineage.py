from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ozora.plan import ImageCondition
from ozora.trust.file_hash import hash_files
from ozora.trust.lineage import painted_by
from ozora.trust.publish import Terms, publish
from tests.trust.clips import draw_clip, film
from tests.trust.records import RECORD


def test_the_models_of_a_file_are_those_of_all_that_is_in_it(tmp_path: Path) -> None:
    home, terms = tmp_path / "home", Terms(home=tmp_path / "home")
    first, second, other = (tmp_path / name for name in ("a.mp4", "b.mp4", "c.mp4"))
    painter = RECORD.plan.model
    publish(draw_clip(0), RECORD, first, open=film, terms=terms)
    assert painted_by(first, home=home) == {painter}

    def made_of(path: Path, model: str) -> object:
        given = ImageCondition(path=str(path), sha256=hash_files([path]))
        plan = replace(RECORD.plan, model=model, conditions=(given,))
        return replace(RECORD, plan=plan, parents=(given.sha256,))

    publish(draw_clip(1), made_of(first, "wan"), second, open=film, terms=terms)  # type: ignore[arg-type]
    assert painted_by(second, home=home) == {painter, "wan"}
    other.write_bytes(b"from a camera")
    assert painted_by(other, home=home) == frozenset()
    publish(draw_clip(2), made_of(other, painter), first, open=film, terms=terms)  # type: ignore[arg-type]
    assert painted_by(first, home=home) == frozenset(), "a stranger's picture is in it"
