"""A small function behind the adapter, for its tests: changes when those do."""

import builtins
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from functions_framework import create_app
from msgspec import Meta
from werkzeug.test import Client

from eventing.answer import Answer, json_answer
from eventing.call import Call
from eventing.cloudevent import CloudEvent
from eventing.database import StorageUnavailable
from eventing.function import Function, Route
from eventing.logs import configure_logging
from eventing.problem import NotFound
from eventing.subscriber import Subscriber, Subscription
from eventing.worker import Worker

SOURCE = """
import functions_framework
from tests.unit import adapted

@functions_framework.http
def notes(request):
    return adapted.FUNCTION(request)
"""
"""What functions-framework loads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Data of every event in these tests."""

    id: Annotated[str, Meta(min_length=1)]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event."""

    type: str
    source: str = "/notes"
    data: builtins.type = Note


@dataclass(slots=True)
class Taken:
    """What reached the function's own code."""

    events: list[tuple[CloudEvent, Note]] = field(default_factory=list)
    sweeps: int = 0

    def apply(self, event: CloudEvent, note: Note) -> None:
        self.events.append((event, note))

    def sweep(self) -> None:
        self.sweeps += 1


TAKEN = Taken()


def _reply(event: CloudEvent, note: Note) -> CloudEvent:
    return CloudEvent(
        id=f"re-{event.id}",
        source="/notes",
        type="NoteAnswered",
        subject="é",
        datacontenttype="application/json",
        data=f'{{"id":"{note.id}"}}'.encode(),
        extensions={"causationid": event.id},
    )


def _fail(event: CloudEvent, _note: Note) -> None:
    raise {"broken": ZeroDivisionError, "away": StorageUnavailable}[event.id]


def _show(_call: Call, note_id: str) -> Answer:
    return json_answer({"id": note_id}, headers={"ETag": 'W/"1"'})


def _add(call: Call) -> Answer:
    document = call.document()
    return json_answer(document, 201, {"Location": "/notes/1"})


def _remove(_call: Call, note_id: str) -> Answer:
    if note_id == "none":
        raise NotFound("There is no such note.")
    return Answer(204)


def _fail_to_list(_call: Call) -> Answer:
    raise ZeroDivisionError("a secret")


def _mark(word: str) -> None:
    """Write down in which process something happened, where a test asks for that."""
    if marks := os.environ.get("MARKS"):
        with Path(marks).open("a") as file:
            file.write(f"{word} {os.getpid()}\n")


WORKER = Worker(lambda: _mark("start"), lambda: _mark("stop"))
_mark("import")
if "MARKS" in os.environ:
    configure_logging("notes")

FUNCTION = Function(
    [
        Route("GET", "/notes", _fail_to_list),
        Route("POST", "/notes", _add),
        Route("GET", "/notes/<note_id>", _show),
        Route("DELETE", "/notes/<note_id>", _remove),
    ],
    Subscriber(
        [
            Subscription(Kind("NoteWritten"), TAKEN.apply),
            Subscription(Kind("NoteAsked"), _reply),
            Subscription(Kind("NoteBroken"), _fail),
        ],
        TAKEN.sweep,
    ),
    background=[WORKER],
)


def client(folder: Path) -> Client:
    """The function as functions-framework serves it, without a server."""
    source = folder / "main.py"
    source.write_text(SOURCE)
    TAKEN.events.clear()
    TAKEN.sweeps = 0
    app = create_app("notes", str(source))  # type: ignore[no-untyped-call] # it has no types
    made: Client = app.test_client()
    return made
