"""The function `moderation` over HTTP, on a real database and a real word list."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from eventing import outbox
from eventing.cloudevent import CloudEvent
from eventing.database import Database
from functions.events import CommentState
from functions.moderation.main import Moderation, build
from functions.moderation.words import WordList, WordsUnreadable
from tests.databases import Databases
from tests.integration.blog import client, comment_data, event, history, send


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "words.txt"
    file.write_text("orange\n")
    return file


@pytest.fixture
def moderation(databases: Databases, words: Path) -> Client:
    return client("moderation", databases, WORDS_FILE=str(words))


def ask(moderation: Client, content: str = "Well said", **changes: object) -> TestResponse:
    comment = comment_data(content=content, **changes)
    sent = event("CommentCreated", comment, id="c1.1", correlationid="the-request")
    return send(moderation, sent)


def verdict(answer: TestResponse) -> tuple[str, str | None]:
    assert answer.status_code == 200
    data = json.loads(answer.data)
    return data["status"], data["reason"]


def test_a_verdict_is_a_reply_in_binary_mode(moderation: Client) -> None:
    answer = ask(moderation, "An ORANGE")
    assert json.loads(answer.data) == {
        "id": "c1",
        "postId": "p1",
        "commentVersion": 1,
        "status": "rejected",
        "reason": "word-list",
    }
    attributes = {name: value for name, value in answer.headers if name.startswith("ce-")}
    assert answer.content_type == "application/json"
    assert attributes == {
        "ce-specversion": "1.0",
        "ce-id": "c1",
        "ce-source": "/moderation",
        "ce-type": "CommentModerated",
        "ce-subject": "c1",
        "ce-dataschema": "urn:sleeping-blog:CommentModerated:1",
        "ce-time": attributes["ce-time"],
        "ce-partitionkey": "p1",
        "ce-correlationid": "the-request",
        "ce-causationid": "c1.1",
    }


def test_a_comment_without_a_listed_word_is_approved(moderation: Client) -> None:
    assert verdict(ask(moderation)) == ("approved", None)


def test_the_matched_text_is_in_no_part_of_the_verdict(moderation: Client) -> None:
    answer = ask(moderation, "An ORANGE", author="Ann")
    assert "orange" not in f"{answer.headers}{answer.text}{history(moderation)}".lower()


def test_every_later_delivery_gets_the_same_reply_even_after_a_new_word_list(
    moderation: Client, words: Path
) -> None:
    first = ask(moderation, "A grape")
    words.write_text("grape\n")
    again = ask(moderation, "A grape")
    assert again.data == first.data
    assert again.headers["ce-id"] == first.headers["ce-id"]
    assert again.headers["ce-time"] == first.headers["ce-time"]


def test_a_new_word_list_judges_new_comments_only(moderation: Client, words: Path) -> None:
    assert verdict(ask(moderation, "A grape")) == ("approved", None)
    words.write_text("grape\n")
    assert verdict(ask(moderation, "A grape")) == ("approved", None)
    assert verdict(ask(moderation, "A grape", id="c2")) == ("rejected", "word-list")


def test_deliveries_at_once_get_one_verdict(moderation: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(moderation), range(16)))
    assert len({(answer.data, answer.headers["ce-id"]) for answer in answers}) == 1
    assert len(history(moderation)) == 1


class Meeting(WordList):
    """Lets deliveries through in pairs, so that neither sees the other's verdict."""

    def __init__(self) -> None:
        super().__init__()
        self._both = threading.Barrier(2)

    def matches(self, text: str) -> bool:
        self._both.wait(20)
        return super().matches(text)


@pytest.mark.parametrize("new_databases", ["postgres"], indirect=True)
def test_twins_that_are_judged_at_once_get_one_verdict(databases: Databases) -> None:
    """On SQLite no second transaction writes while one is open."""
    with closing(Database(databases.url("moderation"), [outbox.MIGRATIONS])) as database:
        judge = Moderation(database, Meeting()).judge
        told = CloudEvent(id="c1.1", source="/comments", type="CommentCreated")
        comment = CommentState(**comment_data())
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda _: judge(told, comment), range(2))
    assert first == second


def test_a_verdict_is_stored_before_it_is_answered(
    moderation: Client, databases: Databases, tmp_path: Path
) -> None:
    answer = ask(moderation, "An orange")
    (tmp_path / "other.txt").write_text("")
    restarted = client("moderation", databases, WORDS_FILE=str(tmp_path / "other.txt"))
    assert history(restarted)[0]["data"] == json.loads(answer.data)
    assert ask(restarted, "An orange").data == answer.data


def test_a_blanked_comment_can_be_judged(moderation: Client) -> None:
    assert verdict(ask(moderation, "", author=None)) == ("approved", None)


def test_a_word_list_that_is_away_for_a_while_is_a_reason_to_try_again(
    moderation: Client, words: Path
) -> None:
    known = ask(moderation, id="c0")
    words.unlink()
    assert ask(moderation, id="c0").data == known.data
    assert ask(moderation).status_code == 500
    words.write_text("orange\n")
    assert verdict(ask(moderation)) == ("approved", None)


def test_a_word_list_that_is_missing_at_the_start_ends_it(tmp_path: Path) -> None:
    with pytest.raises(WordsUnreadable, match="none"):
        build({"WORDS_FILE": str(tmp_path / "none.txt")})


@pytest.mark.parametrize("content", [None, 7, "\0", "\udfff", "x" * 262_145])
def test_an_event_with_wrong_data_is_refused_for_good(moderation: Client, content: object) -> None:
    answer = send(moderation, event("CommentCreated", comment_data(content=content)))
    assert answer.status_code == 422
    assert history(moderation) == []


def test_an_update_of_a_comment_is_not_judged(moderation: Client) -> None:
    answer = send(moderation, event("CommentUpdated", comment_data(version=2)))
    assert (answer.status_code, answer.data) == (202, b"")
