"""What `make` sets up and builds, with stand-ins for its tools that note how they are called."""

import os
import select
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker.runner.settings import PROJECT

NOTE = 'printf "%s\\n" "$(basename "$0") $*" >>"$CALLS"; env >>"$CALLS"\n'
STAND_INS = {
    "python3": """case "$*" in
  *venv*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  *"-r requirements"*) [ ! -e "$CALLS.fail" ] ;;
esac
""",
    "node": "",
    "npm": """case "$*" in
  *" ci "*) rm -rf web/node_modules && mkdir web/node_modules ;;
  *build*) [ ! -e "$CALLS.fail" ] && mkdir -p web/dist && touch web/dist/index.html ;;
esac
""",
}
# Each alone made a set-up fail, or come out incomplete with a stamp that said it was done.
BROUGHT_ALONG = {
    "CDPATH": "/usr",
    "NODE_ENV": "production",
    "PIP_DRY_RUN": "1",
    "PIP_PYTHON": "/usr/bin/python3",
    "PIP_REQUIRE_HASHES": "1",
    "PIP_TARGET": "/elsewhere",
    "PIP_USER": "1",
    "PYTHONHOME": "/nowhere",
    "PYTHONINSPECT": "1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONPATH": "/another/project",
    "PYTHONWARNINGS": "error",
    "npm_config_omit": "dev",
    "npm_config_workspace": "elsewhere",
}
KEPT = {
    "PIP_INDEX_URL": "https://mirror.example",
    "npm_config_registry": "https://mirror.example",
    "https_proxy": "http://proxy.example",
}
STATIC = ["my logo.png", "a:b.png", "$1.png", "100%.png", "#x.png", "it's.png", "a\nb", "é*?"]

WITHIN = 5.0  # seconds


@dataclass
class Project:
    """A project whose tools are stand-ins."""

    folder: Path
    tools: Path
    calls: Path

    def make(self, target: str, **env: str) -> "subprocess.CompletedProcess[str]":
        self.calls.write_text("")
        return subprocess.run(
            ["make", target],
            check=False,
            cwd=self.folder,
            env=self.environment(**env),
            capture_output=True,
            text=True,
        )

    def environment(self, **env: str) -> dict[str, str]:
        return {"PATH": f"{self.tools}:/usr/bin:/bin", "CALLS": str(self.calls), **env}

    def called(self) -> list[str]:
        """The lines that the stand-ins noted in the last run."""
        return self.calls.read_text().splitlines()

    def is_built_again(self) -> bool:
        assert self.make("web/dist/.built").returncode == 0
        return any("build" in line for line in self.called())

    def changes(self, file: Path) -> None:
        """It changes just after the page was built; files' times may be too coarse to tell."""
        after = (self.folder / "web/dist/.built").stat().st_mtime_ns + 1
        os.utime(file, ns=(after, after))

    def break_tools(self, *, broken: bool) -> None:
        mark = Path(f"{self.calls}.fail")
        mark.touch() if broken else mark.unlink()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / 'R&D\'s "$HOME" 100%'
    for part in ("web/public", "web/src", "requirements"):
        (folder / part).mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "web/package-lock.json", "requirements/local.txt"):
        shutil.copy(PROJECT / name, folder / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, script in STAND_INS.items():
        (tools / name).write_text(f"#!/bin/sh\n{NOTE}{script}")
        (tools / name).chmod(0o755)
    return Project(folder, tools, tmp_path / "calls")


def test_what_a_caller_brings_along_reaches_no_tool_of_a_set_up(project: Project) -> None:
    for target in (".venv/.local", "web/dist/.built"):
        done = project.make(target, **BROUGHT_ALONG, **KEPT)
        assert done.returncode == 0, done.stderr
        names = {line.partition("=")[0] for line in project.called()}
        assert names > KEPT.keys()
        assert not names & BROUGHT_ALONG.keys()


def test_what_a_user_s_npmrc_says_leaves_nothing_out(project: Project) -> None:
    project.make("web/dist/.built")
    [install] = [line for line in project.called() if line.startswith("npm --prefix web ci")]
    assert {"--include=dev", "--include=optional", "--global=false"} <= set(install.split())


def test_the_page_is_built_again_when_a_file_of_any_name_changes_comes_or_goes(
    project: Project,
) -> None:
    public = project.folder / "web" / "public"
    assert project.is_built_again()
    assert not project.is_built_again()
    for name in STATIC:
        (public / name).touch()
    assert project.is_built_again()
    assert not project.is_built_again()
    for name in STATIC:
        project.changes(public / name)
        assert project.is_built_again()
        (public / name).unlink()
        project.changes(public)
        assert project.is_built_again()
    (project.folder / "web/dist/index.html").unlink()
    assert project.is_built_again()


@pytest.mark.parametrize("target", [".venv/.local", "web/dist/.built"])
def test_what_failed_is_not_said_to_be_done(project: Project, target: str) -> None:
    project.break_tools(broken=True)
    assert project.make(target).returncode != 0
    assert project.make(target).returncode != 0
    project.break_tools(broken=False)
    assert project.make(target).returncode == 0
    assert project.make(target).returncode == 0
    assert project.called() == []


@pytest.mark.parametrize("way", ["moved", "its Python is gone"])
def test_a_set_up_that_can_work_no_longer_is_made_again(project: Project, way: str) -> None:
    project.make(".venv/.local")
    if way == "moved":
        project.folder = project.folder.rename(project.folder.with_name("moved"))
    else:
        (project.folder / ".venv/bin/python").unlink()
    assert project.make(".venv/.local").returncode == 0
    assert any("venv --clear" in line for line in project.called())
    assert any("-r requirements" in line for line in project.called())
    assert project.make(".venv/.local").returncode == 0
    assert project.called() == []


def test_what_the_blog_says_is_seen_while_it_runs(project: Project) -> None:
    """With `make -j -O`, or that in MAKEFLAGS, a recipe would be heard when it has ended."""
    project.make(".venv/.local")
    project.make("web/dist/.built")
    python = project.folder / ".venv/bin/python"
    python.write_text("#!/bin/sh\necho up; read -r line\n")
    with subprocess.Popen(
        ["make", "run"],
        cwd=project.folder,
        env=project.environment(MAKEFLAGS="-j2 -O"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as making:
        assert making.stdout is not None
        assert making.stdin is not None
        told = select.select([making.stdout], [], [], WITHIN)[0]
        making.stdin.close()
        assert told
        assert making.stdout.read() == b"up\n"


def test_a_page_that_is_built_is_served_without_node(project: Project) -> None:
    project.make(".venv/.local")
    project.make("web/dist/.built")
    (project.tools / "node").write_text("#!/bin/sh\nexit 1\n")
    started = project.make("run")
    assert started.returncode == 0, started.stderr
    assert project.called()[0] == "python -P -m broker run"
