"""Log lines: one JSON object each for machines, one readable line each for a terminal."""

import io
import json
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

import pytest

from eventing.logs import InvalidLogLevel, configure_logging


class Terminal(io.StringIO):
    """A stream that a person reads."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _root_logger_as_before() -> Iterator[None]:
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    yield
    root.handlers[:] = kept
    root.setLevel(level)


def log_to(stream: TextIO, level: str = "info") -> logging.Logger:
    configure_logging("posts", level, stream)
    return logging.getLogger("test")


def test_a_line_is_one_json_object_with_the_fields_of_its_record() -> None:
    stream = io.StringIO()

    log_to(stream).info("request", extra={"fields": {"path": "/é\n", "status": 200}})

    line = stream.getvalue()
    assert line.count("\n") == 1
    fields = json.loads(line)
    assert fields.pop("time").endswith("+00:00")
    assert fields == {
        "level": "info",
        "service": "posts",
        "event": "request",
        "path": "/é\n",
        "status": 200,
    }


def test_a_line_has_the_arguments_and_values_that_json_does_not_know() -> None:
    stream = io.StringIO()

    log_to(stream).warning("took %d s", 3, extra={"fields": {"error": ValueError("full")}})

    line = json.loads(stream.getvalue())
    assert (line["level"], line["event"], line["error"]) == ("warning", "took 3 s", "full")


def test_a_failure_is_one_line_with_its_traceback() -> None:
    stream = io.StringIO()

    log_to(stream).error("failed", exc_info=ValueError("why"))

    line = json.loads(stream.getvalue())
    assert line["event"] == "failed"
    assert line["exception"].endswith("ValueError: why")


def test_lines_below_the_level_are_left_out() -> None:
    stream = io.StringIO()
    log = log_to(stream, "WARNING")

    log.info("quiet")
    log.warning("loud")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]


def test_records_of_libraries_are_lines_too() -> None:
    stream = io.StringIO()
    log_to(stream)

    logging.getLogger("urllib3").warning("pool is full")

    assert json.loads(stream.getvalue())["event"] == "pool is full"


def words(record: str, **fields: object) -> str:
    """What a terminal shows after the clock."""
    stream = Terminal()
    log_to(stream).info(record, extra={"fields": fields})
    return stream.getvalue().removesuffix("\n")[8:]


TOLD = {"correlationid": "tea-1", "duration": 4.2}
REQUEST = {"method": "POST", "path": "/posts", "status": 201, "outcome": "answered"}
EVENT = {"method": "POST", "path": "/", "status": 202, "outcome": "taken", "type": "PostCreated"}


def test_a_connection_that_is_tried_again_is_no_line() -> None:
    stream = io.StringIO()
    log_to(stream)
    logging.getLogger("urllib3.connectionpool").warning("Retrying (%r) after it broke", 1)
    assert stream.getvalue() == ""


def test_a_person_at_a_terminal_reads_words() -> None:
    assert words("ready", url="there") == " posts        ready  url=there"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (REQUEST, "POST /posts 201"),
        (EVENT, "PostCreated taken"),
        ({"type": "X", "outcome": "delivered", "trigger": "t"}, "X delivered t"),
    ],
    ids=["request", "event", "delivery"],
)
def test_a_terminal_shows_what_happened_then_how_long_it_took_and_what_began_it(
    fields: dict[str, object], said: str
) -> None:
    shown = words("event", **fields, **TOLD, id="e-1")
    assert shown == f" posts        {said:<60}      4.2 ms  tea-1  id=e-1"


def test_a_terminal_shows_lists_without_brackets() -> None:
    assert words("event", triggers=["one", "two"]).endswith("  triggers=one, two")


@pytest.mark.parametrize(
    ("level", "fields", "colour"),
    [
        (logging.WARNING, {}, "\x1b[33m"),
        (logging.ERROR, {}, "\x1b[31m"),
        (logging.INFO, REQUEST | TOLD | {"method": "GET"}, "\x1b[2m"),
    ],
    ids=["warning", "error", "read"],
)
def test_a_terminal_colours_trouble_and_dims_reads(
    level: int, fields: dict[str, object], colour: str
) -> None:
    stream = Terminal()
    log_to(stream).log(level, "said", extra={"fields": fields})
    assert stream.getvalue().startswith(colour)
    assert stream.getvalue().endswith("\x1b[0m\n")


def test_a_terminal_is_not_told_what_to_do_by_a_text() -> None:
    assert words("said", path="\x1b[2J\x9b\r\n") == r" posts        said  path=\x1b[2J\x9b\r\n"


def test_a_terminal_shows_the_traceback() -> None:
    stream = Terminal()

    log_to(stream).error("failed", exc_info=ValueError("why"))

    assert stream.getvalue().endswith("\nValueError: why\x1b[0m\n")


@pytest.mark.parametrize("level", ["loud", "", "critical", "10"])
def test_an_unknown_level_is_refused_with_those_that_there_are(level: str) -> None:
    with pytest.raises(InvalidLogLevel, match="debug, info, warning, error"):
        configure_logging("posts", level)


def test_lines_of_many_threads_reach_a_pipe_whole() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "w") as stream:
        log = log_to(stream)
        with ThreadPoolExecutor(8) as threads:
            heard = threads.submit(lambda: [reader.readline() for _ in range(400)])
            for number in range(400):
                threads.submit(log.info, "said", extra={"fields": {"n": number, "x": "é" * 900}})
            lines = [json.loads(line) for line in heard.result()]

    assert sorted(line["n"] for line in lines) == list(range(400))


def test_a_line_is_in_a_file_before_the_next_statement(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        log_to(stream).info("said")

        assert json.loads((tmp_path / "log").read_text())["event"] == "said"
