from __future__ import annotations

from pathlib import Path

import pytest
from c2pa import C2paError, Reader

from ozora.media import write_image
from ozora.trust.credential import ELSEWHERE, explain_unsigned, find_beside, is_signable, read_credential
from ozora.trust.identity import init
from ozora.trust.publish import Terms, publish
from ozora.trust.verify import verify
from tests.trust.clips import draw_clip, film
from tests.trust.foreign import CLIP, MEDIA_TYPES, SIGNED, attest, damage, listening, shoot
from tests.trust.records import record_of


@pytest.mark.parametrize("kind", SIGNED)
def test_nobody_is_asked_for_credentials_that_are_elsewhere(tmp_path: Path, kind: str) -> None:
    home, camera = init(tmp_path / "home"), init(tmp_path / "camera")
    with listening() as (address, asked):
        path = attest(shoot(kind, tmp_path), kind, camera, address=address)
        with pytest.raises(C2paError), Reader(str(path)):  # a reader with its own settings goes there
            pass
        assert asked
        asked.clear()
        credential = read_credential(path, home)
        assert credential is not None
        assert credential.state == ELSEWHERE
        assert address in credential.problems[0]
        verdict = verify(path, home=tmp_path / "home")
        assert verdict.origin == "unknown"
        assert "kept elsewhere" in verdict.notes[0]
        assert not asked


@pytest.mark.parametrize("kind", SIGNED)
def test_credentials_inside_are_read_whatever_the_file_is_called(tmp_path: Path, kind: str) -> None:
    camera = init(tmp_path / "camera")
    path = attest(shoot(kind, tmp_path), kind, camera).rename(tmp_path / "input-0")
    credential = read_credential(path, camera)
    assert credential is not None
    assert (credential.state, credential.problems) == ("trusted", ())
    stranger = read_credential(path, init(tmp_path / "home"))
    assert stranger is not None
    assert (stranger.state, stranger.is_changed) == ("valid", False)


def test_credentials_beside_a_file_are_checked_against_it(tmp_path: Path) -> None:
    camera = init(tmp_path / "camera")
    path = attest(shoot("mp4", tmp_path), "mp4", camera, beside=True)
    assert find_beside(path) == tmp_path / "camera.mp4.c2pa"
    credential = read_credential(path, camera)
    assert credential is not None
    assert credential.state == "trusted"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    changed = read_credential(path, camera)
    assert changed is not None
    assert (changed.state, changed.is_changed) == ("invalid", True)


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_a_file_without_credentials_has_none(tmp_path: Path, kind: str) -> None:
    assert read_credential(shoot(kind, tmp_path), init(tmp_path / "home")) is None


@pytest.mark.parametrize("kind", ["jpeg", "png", "mp4"])
def test_damaged_credentials_prove_nothing(tmp_path: Path, kind: str) -> None:
    camera = init(tmp_path / "camera")
    credential = read_credential(damage(attest(shoot(kind, tmp_path), kind, camera)), camera)
    assert credential is not None
    assert (credential.state, credential.is_changed) == ("invalid", False)


def test_a_sequence_holds_only_whole(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name, text in (("one", "a red ball"), ("two", "a blue cube")):
        record = record_of(text, frames=2)
        publish(draw_clip(1, frames=2), record, tmp_path / name / "%04d.png", open=film, terms=Terms(home=home))
    first, identity = tmp_path / "one" / "%04d.png", init(home)
    whole = read_credential(first, identity)
    assert whole is not None
    assert whole.state == "trusted"
    (tmp_path / "one" / "0002.png").write_bytes((tmp_path / "two" / "0002.png").read_bytes())
    mixed = read_credential(first, identity)
    assert mixed is not None
    assert (mixed.state, mixed.problems) == ("invalid", ("org.ozora.sequence.mismatch",))


def test_which_formats_carry_credentials() -> None:
    assert is_signable(Path("a.mp4")) and is_signable(Path("%04d.PNG")) and is_signable(Path("a.tiff"))
    assert "a.webm carries no content credentials" in explain_unsigned(Path("a.webm"))
    assert not is_signable(Path("a.webm")) and not is_signable(Path("%04d.exr")) and not is_signable(Path("a.mkv"))


def test_names_of_others_cannot_command_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_image(CLIP[0], path)
    with listening() as (address, _):
        attest(path, "png", init(tmp_path / "camera"), address=f"{address}/\u202e%1b")
        credential = read_credential(path)
    assert credential is not None
    assert "\u202e" not in str(credential.problems)
