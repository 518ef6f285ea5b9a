"""The shape of the repository: what prose cannot hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "ozora"
MODULES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "misc"}
LINT_IMPORTS = str(Path(sys.executable).with_name("lint-imports"))
MAX_FILE_BYTES = 5_000_000

# Modules without a test file of the same name, and why.
NO_TWIN = {
    "__init__.py": "tested in test_package.py",
}


def _twin(module: Path) -> Path:
    return ROOT / "tests" / module.parent / f"test_{module.name}"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_a_twin_test(module: Path) -> None:
    if module.name == "__init__.py" and len(module.parts) > 1:
        pytest.skip("a list of names")
    if str(module) in NO_TWIN:
        assert not _twin(module).exists(), "take it off the list"
        return
    assert _twin(module).exists(), f"{_twin(module).relative_to(ROOT)} is missing"


def test_exceptions_are_needed() -> None:
    assert set(NO_TWIN) <= {str(module) for module in MODULES}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_names_are_nouns_of_our_own(module: Path) -> None:
    assert not FORBIDDEN_NAMES & {part.removesuffix(".py") for part in module.parts}


def test_no_large_files() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    sizes = {path: path.stat().st_size for path in paths if path.is_file()}
    weights = SOURCE / "weights"
    large = [path for path, size in sizes.items() if size > MAX_FILE_BYTES and weights not in path.parents]
    assert not large


def test_imports_go_one_way() -> None:
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
