"""The import contracts hold, and each of them catches a deliberate break."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("eventing", "functions", "broker")

BREAKS = {
    "No function imports another": (
        "functions/posts/rules.py",
        "from functions.comments import rules as other",
    ),
    "The published language imports nothing of ours": (
        "functions/events.py",
        "from eventing import clock",
    ),
    "Mechanics know no function and no platform": (
        "eventing/outbox.py",
        "from functions import events",
    ),
    "Functions know no platform": ("functions/query/store.py", "from broker import filters"),
    "The platform knows no function": ("broker/filters.py", "from functions import events"),
}


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the tree at `root`."""
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [command, "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(copied_tree: Path) -> None:
    checked = lint_imports(copied_tree)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("contract", BREAKS)
def test_a_break_is_caught(contract: str, copied_tree: Path) -> None:
    file, forbidden = BREAKS[contract]
    source = copied_tree / file
    source.write_text(f"{source.read_text()}\n{forbidden}\n")
    checked = lint_imports(copied_tree)
    assert checked.returncode == 1
    assert f"{contract} BROKEN" in checked.stdout


def test_the_contract_between_functions_names_every_function() -> None:
    functions = {f"functions.{path.parent.name}" for path in ROOT.glob("functions/*/main.py")}
    settings = (ROOT / "pyproject.toml").read_text()
    independence = settings.split('type = "independence"')[1].split("]")[0]
    assert functions == {name for name in functions if f'"{name}"' in independence}
