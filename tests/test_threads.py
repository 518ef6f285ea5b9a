from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ozora.threads import OWN_WAY, TURNS, limit_spinning


@pytest.fixture(autouse=True)
def no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OWN_WAY:
        monkeypatch.setenv(name, "")  # so that it is taken away again
        monkeypatch.delenv(name)


def test_waiting_is_bounded() -> None:
    limit_spinning()
    assert os.environ["GOMP_SPINCOUNT"] == str(TURNS)


@pytest.mark.parametrize(("name", "value"), [("OMP_WAIT_POLICY", "ACTIVE"), ("GOMP_SPINCOUNT", "7")])
def test_who_has_chosen_is_left_alone(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    limit_spinning()
    assert {own: os.environ.get(own) for own in OWN_WAY} == {**dict.fromkeys(OWN_WAY), name: value}


def test_the_program_bounds_it_before_torch_is_loaded() -> None:
    code = (
        "import atexit, os, sys; sys.argv = ['ozora', '--version'];"
        "atexit.register(lambda: print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules));"
        "from ozora.cli import main; main()"
    )
    environment = {name: value for name, value in os.environ.items() if name not in OWN_WAY}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split()[2:] == [str(TURNS), "False"]
