"""`blog status` on this machine: what it says, to a person and to a program, and how it exits."""

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from broker.cli import main
from broker.runner import backups
from broker.runner.disk import GIB, judge
from broker.runner.programs import Program
from broker.runner.register import Phase, Register
from broker.verbs import status as verb
from broker.verbs.at_once import at_once
from broker.verbs.report import program_lines, show, trigger_lines
from broker.verbs.summary import Located, summed_up
from eventing.condition import Trouble
from tests.e2e.running import BLOG, free_ports

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
PARTS = ("broker", "eventing", "functions")
REFUSED = {"kind": "event-refused", "about": "p1.1", "detail": "the broker answered [413]: see it"}


def blog(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


class Answering(BaseHTTPRequestHandler):
    """Answers with what the server was given for the path, else with 404."""

    server: "Server"

    def do_GET(self) -> None:
        status, kind, body = self.server.answers.get(self.path, (404, "text/plain", ""))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Outbox-Unpublished", "3")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body.encode())

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    answers: dict[str, tuple[int, str, str]]


@contextmanager
def function(status: object, *, code: int = 200, path: str = "/status") -> Iterator[int]:
    """The port of a function that answers so."""
    server = Server(("127.0.0.1", 0), Answering)
    body = status if isinstance(status, str) else json.dumps(status)
    server.answers = {path: (code, "application/json", body)}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def runner(tmp_path: Path) -> Iterator["Runner"]:
    yield (running := Runner(tmp_path))
    for one in running.processes:
        one.kill()
        one.wait()


class Runner:
    """A runner that has started programs; each is a process, and answers at a port of ours."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.register = Register(data)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, port: int) -> None:
        self.processes.append(subprocess.Popen(["sleep", "60"]))
        program = Program(name=name, command=(), environment={}, port=port, option="", remedy="")
        self.register.note(program, self.processes[-1].pid)
        self.register.enter("running")

    def status(self) -> tuple[int, Any]:
        answer = blog("status", "--json", "--data", str(self.data))
        return answer.exit_code, json.loads(answer.stdout)

    def troubles(self) -> list[tuple[str, str, str]]:
        _, told = self.status()
        return [(one["kind"], one["where"], one["about"]) for one in told["troubles"]]


def test_where_all_answer_and_none_tells_of_trouble_all_is_well(runner: Runner) -> None:
    with function({"troubles": [], "outbox": {"unpublished": 2, "oldestWait": 0.5}}) as port:
        runner.start("posts", port)
        status, told = runner.status()
    assert (status, told["well"], told["state"], told["troubles"]) == (0, True, "running", [])
    assert told["outboxes"] == {"posts": {"unpublished": 2, "oldestWait": 0.5}}
    assert told["programs"]["posts"].keys() == {"up", "uptime", "restarts", "memory"}


def test_what_a_function_tells_is_told_with_the_functions_name_and_fails(runner: Runner) -> None:
    with function({"troubles": [REFUSED]}) as port:
        runner.start("posts", port)
        status, told = runner.status()
        said = blog("status", "--data", str(runner.data))
    assert (status, said.exit_code) == (1, 1)
    assert told["troubles"] == [{"where": "posts", **REFUSED}]
    assert said.output.startswith(
        "event-refused  posts: p1.1\n    the broker answered [413]: see it\n\nprogram "
    )


def test_the_counts_of_the_broker_are_told_in_camel_case(runner: Runner) -> None:
    counts = {"t": {"delivered": 1, "dead_lettered": 2, "oldest_wait": None}}
    with function({"triggers": counts, "troubles": []}) as port:
        runner.start("broker", port)
        status, told = runner.status()
    assert status == 0
    assert told["triggers"] == {"t": {"delivered": 1, "deadLettered": 2, "oldestWait": None}}


def test_a_program_whose_process_has_ended_is_down(runner: Runner) -> None:
    runner.start("posts", free_ports(1))
    with function({}) as port:
        runner.start("query", port)
        status, told = runner.status()
    assert status == 1
    [down] = told["troubles"]
    assert (down["kind"], down["where"]) == ("program-down", "posts")
    assert "it does not answer (Connection refused)" in down["detail"]
    assert told["programs"]["posts"] == {
        "up": False,
        "restarts": 0,
        "uptime": None,
        "memory": None,
    }


def test_a_program_that_ends_again_and_again_is_a_trouble_although_it_is_up(
    runner: Runner,
) -> None:
    with function({}) as port:
        for _ in range(4):
            runner.start("posts", port)
        assert runner.troubles() == [("program-restarts", "posts", "posts")]


def test_a_backup_that_should_have_been_made_is_missing(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "LATE", timedelta(0))
    with function({}) as port:
        runner.start("posts", port)
        assert runner.troubles() == [("backup-missing", "blog", str(runner.data / "backups"))]
        (runner.data / "backups").mkdir()
        (runner.data / "backups" / backups.name_of(datetime.now(UTC))).touch()
        assert runner.troubles() == []


def test_another_process_at_the_port_does_not_count_as_the_program(runner: Runner) -> None:
    with function({}) as port, function({}) as other:
        runner.start("query", other)
        runner.start("posts", port)
        runner.processes[-1].kill()
        runner.processes[-1].wait()
        status, told = runner.status()
    assert (status, [one["where"] for one in told["troubles"]]) == (1, ["posts"])
    assert f"another process answers at its port {port}" in told["troubles"][0]["detail"]


def test_a_version_without_a_status_tells_of_its_outbox_alone(runner: Runner) -> None:
    with function({}, path="/nothing") as port:
        runner.start("posts", port)
        status, told = runner.status()
    assert (status, told["outboxes"]) == (0, {"posts": {"unpublished": 3, "oldestWait": None}})


@pytest.mark.parametrize(
    ("answer", "code", "why"),
    [
        ("no JSON", 200, "its answer cannot be read"),
        ("[]", 200, "its answer cannot be read"),
        ('{"troubles": [{"kind": 1}]}', 200, "its answer cannot be read"),
        ("{}", 500, "it answered 500"),
    ],
)
def test_an_answer_that_tells_nothing_is_a_trouble(
    runner: Runner, answer: str, code: int, why: str
) -> None:
    with function(answer, code=code) as port:
        runner.start("posts", port)
        _, told = runner.status()
    [trouble] = told["troubles"]
    assert (trouble["kind"], trouble["where"]) == ("no-answer", "posts")
    assert why in trouble["detail"]
    assert told["programs"]["posts"]["up"]


def test_a_proxy_of_the_environment_is_not_asked(runner: Runner) -> None:
    with function({}) as port:
        runner.start("posts", port)
        proxy = {"http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
        command = [str(BLOG), "status", "--data", str(runner.data)]
        told = subprocess.run(command, check=False, capture_output=True, env=os.environ | proxy)
    assert told.returncode == 0


def test_who_is_slow_is_waited_for_once_and_who_hangs_is_left_out() -> None:
    go_on = threading.Event()
    asked = threading.Barrier(3)

    def together() -> int:
        asked.wait(20)
        return 1

    def hangs() -> int:
        go_on.wait(20)
        return 2

    every = {"a": together, "b": together, "c": together}
    assert at_once(every, 20) == {"a": 1, "b": 1, "c": 1}
    assert at_once({"never": hangs, "now": lambda: 3}, 0.05) == {"now": 3}
    go_on.set()


def test_a_function_that_hangs_is_down_after_its_time(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verb, "PATIENCE", 0.1)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent, function({}) as port:
        runner.start("posts", silent.getsockname()[1])
        runner.start("query", port)
        assert runner.troubles() == [("program-down", "posts", "posts")]


@pytest.mark.parametrize("phase", ["starting", "stopping"])
def test_while_it_starts_or_stops_one_line_says_so(runner: Runner, phase: Phase) -> None:
    runner.start("posts", free_ports(1))
    runner.register.enter(phase)
    status, told = runner.status()
    assert (status, told["state"]) == (1, phase)
    [trouble] = told["troubles"]
    assert (trouble["where"], trouble["about"]) == ("blog", str(runner.data))
    assert f"the blog is {phase}" in trouble["detail"]


def test_without_a_blog_it_says_how_to_start_one(tmp_path: Path) -> None:
    answer = blog("status", "--data", str(tmp_path))
    assert answer.exit_code == 1
    assert answer.output == (
        f"program-down  blog: {tmp_path}\n"
        "    no blog runs with this data folder: start it with `make run`, or name another folder"
        " with --data\n\n"
    )
    told = json.loads(blog("status", "--json", "--data", str(tmp_path)).stdout)
    assert (told["well"], told["state"]) == (False, "stopped")


def test_after_a_kill_of_the_runner_it_says_that_it_was_ended_by_force(runner: Runner) -> None:
    with function({}) as port:  # as of another blog, at the same port
        runner.start("posts", port)
        file = runner.data / "running.json"
        file.write_text(file.read_text().replace(f'"runner": {os.getpid()}', '"runner": 1'))
        status, told = runner.status()
    assert (status, told["state"]) == (1, "stopped")
    assert "ended by force" in told["troubles"][0]["detail"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"posts": {"port": 1}}'])
def test_what_cannot_be_found_out_exits_with_2(tmp_path: Path, text: str) -> None:
    (tmp_path / "running.json").write_text(text)
    answer = blog("status", "--data", str(tmp_path))
    assert answer.exit_code == 2
    assert "does not say what runs" in answer.output
    missing = blog("status", "--data", str(tmp_path / "missing"))
    assert missing.exit_code == 2
    assert f"{tmp_path}/missing cannot be read (No such file or directory)" in missing.output


def disk(free: int, size: int, files: int = 10**6) -> os.statvfs_result:
    return os.statvfs_result((1, 1, size, free, free, 10**7, files, files, 0, 255))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (disk(GIB, 100 * GIB), None),
        (disk(GIB - 1, 100 * GIB), "1023 MiB of 100.0 GiB are free"),
        (disk(GIB // 5, GIB), None),
        (disk(GIB // 11, GIB), "93 MiB of 1.0 GiB are free"),
        (disk(50 * GIB, 100 * GIB, files=999), "only 999 more files"),
    ],
)
def test_a_disk_is_nearly_full_below_a_gibibyte_or_a_tenth_of_a_small_one(
    found: os.statvfs_result, said: str | None, tmp_path: Path
) -> None:
    finding = judge(found, tmp_path)
    assert [one.kind for one in finding.troubles] == (["disk-nearly-full"] if said else [])
    assert all(said in one.detail for one in finding.troubles if said)


TROUBLE = Trouble(
    "letter-waits",
    "query-post-created",
    "2 letters were refused for good: see them with `blog dead`",
)
UP = {"up": True, "restarts": 0, "uptime": 93.1, "memory": 38_797_312}
FACTS: dict[str, Any] = {
    "programs": {"posts": UP},
    "triggers": {
        "query-post-created": {
            "delivered": 120,
            "deadLettered": 2,
            "waiting": 0,
            "retrying": 0,
            "dead": 0,
            "oldestWait": None,
        }
    },
    "outboxes": {"posts": {"unpublished": 1, "oldestWait": 0.2, "refused": 0}},
    "copies": {
        "query": {
            "posts": {
                "comparedAt": "2026-01-31T12:00:00.000000Z",
                "behind": 0,
                "repaired": 0,
                "repairedAt": None,
            }
        }
    },
    "deadLetters": {"dead-letters": {"waitingForPerson": 2, "retrying": 0}},
    "databases": {"posts": {"damaged": None, "checkedAt": "2026-01-31T03:00:00.000000Z"}},
    "disk": {"free": 53_687_091_200, "size": 107_374_182_400},
}


def test_the_example_in_the_guide_is_what_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    [example, *_] = re.findall(r"```json\n(.*?)```", OPERATING.read_text(), re.DOTALL)
    show(summed_up("running", [Located("dead-letters", TROUBLE)], FACTS), as_json=True)
    assert json.loads(capsys.readouterr().out) == json.loads(example)


def test_every_kind_of_trouble_is_in_the_guide() -> None:
    table = OPERATING.read_text().partition("## Troubles")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE))
    root = OPERATING.parents[1]
    sources = [file for part in PARTS for file in (root / part).rglob("*.py")]
    told = {
        kind
        for file in sources
        for kind in re.findall(r"\bTrouble\(\s*\"([a-z-]+)\"", file.read_text())
    }
    assert {"program-down", "trigger-twice", "storage-unavailable"} <= told
    assert told <= explained


def test_the_tables_have_each_count_below_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    report = summed_up("running", [], FACTS)
    show(report, program_lines, trigger_lines, as_json=False)
    said = capsys.readouterr().out
    assert [line.split() for line in said.splitlines() if line] == [
        ["All", "is", "well."],
        ["program", "up", "restarts", "memory"],
        ["posts", "2", "min", "0", "37", "MiB"],
        ["trigger", "delivered", "waiting", "retrying", "letters", "dead", "oldest"],
        ["query-post-created", "120", "0", "0", "2", "0", "-"],
        ["outbox", "unpublished", "refused", "oldest"],
        ["posts", "1", "0", "0", "s"],
        ["copy", "in", "of", "behind", "repaired", "compared"],
        ["query", "posts", "0", "0", *said.split("posts ")[-1].split()[2:5]],
        ["dead", "letters", "waiting", "for", "a", "person", "retrying"],
        ["dead-letters", "2", "0"],
    ]
    assert all(len(line) <= 80 and line == line.rstrip() for line in said.splitlines())
