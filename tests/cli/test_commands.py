from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from ozora import __version__
from ozora.cli.commands import app, call
from ozora.errors import PromptError, WeightsError

PROGRAM = [sys.executable, "-c", "from ozora.cli import main; main()"]
COMMANDS = [[], ["generate"], ["run"], ["models"], ["train"], ["evaluate"], ["stage"], ["stage", "sample"]]


def _run(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False, cwd=folder)


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(app, [*command, "--help"]) == 0
    assert capsys.readouterr().out.startswith(" ".join(["Usage: ozora", *command]))


def test_no_command_shows_the_help_and_version_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(app, []) == 0
    assert "generate" in capsys.readouterr().out
    assert call(app, ["--version"]) == 0
    assert capsys.readouterr().out == f"ozora {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["generate"], "prompt"),
        (["generate", "a ball", "--sead", "1"], "--sead"),
        (["generate", "a ball", "--seed", "one"], "--seed"),
        (["paint"], "paint"),
        (["stage", "sample", "--cast", "robots"], "robots"),
        (["stage", "sample", "--count", "0"], "--count"),
        (["run", "missing.json"], "missing.json"),
    ],
)
def test_a_bad_argument_is_one_line_and_exit_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(app, arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("ozora: ")
    assert says in shown.err
    assert shown.err.count("\n") == 1


def _failing(error: BaseException) -> typer.Typer:
    application = typer.Typer()

    @application.command()
    def fail() -> None:
        raise error

    return application


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (PromptError("the prompt is empty: say what to show"), 2, "ozora: the prompt is empty: say what to show\n"),
        (WeightsError("the weights\nare damaged"), 3, "ozora: the weights are damaged\n"),
        (
            RuntimeError("odd"),
            70,
            "ozora: unexpected error, RuntimeError: odd (run again with --traceback to see where)\n",
        ),
    ],
)
def test_errors_are_one_line_and_a_code(
    error: Exception, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(_failing(error), []) == code
    assert capsys.readouterr().err == says
    with pytest.raises(type(error)):
        call(_failing(error), [], traceback=True)


@pytest.mark.parametrize("module", ["ozora", "ozora.cli"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    heavy = ["torch", "numpy", "av", "PIL", "rich.progress"]
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("number", "code", "says"), [(signal.SIGINT, 130, "stopped, nothing was written\n"), (signal.SIGTERM, 143, "")]
)
def test_stopping(tmp_path: Path, number: int, code: int, says: str) -> None:
    pipe = tmp_path / "record.json"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [*PROGRAM, "run", str(pipe)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background ignore it
    )
    with pipe.open("w"):  # opens when the command reads: it is at work now
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (code, "", says)
    assert list(tmp_path.iterdir()) == [pipe]


def test_models_as_json() -> None:
    done = _run("models", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "maquette" in [model["name"] for model in json.loads(done.stdout)]


def test_a_program_that_stops_reading_is_no_error() -> None:
    command = " ".join(f"'{word}'" for word in PROGRAM)
    done = subprocess.run(f"{command} models | head -c 1", shell=True, capture_output=True, text=True, check=True)
    assert done.stderr == ""
