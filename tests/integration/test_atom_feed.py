"""The Atom feed, read as feed readers do: by a real XML parser and a real feed parser."""

from xml.etree import ElementTree as ET

import feedparser  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from functions.query.feed import NEWEST, atom
from tests.databases import Databases, NewDatabases
from tests.integration.blog import client, event, post_data, send

SITE = "https://blog.example"
ATOM = "{http://www.w3.org/2005/Atom}"
XHTML_LIKE = "<b>&amp;</b> ]]> <!-- \"'"
STORABLE = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@pytest.fixture
def query(databases: Databases) -> Client:
    return client("query", databases, SITE_URL=SITE)


def add_post(query: Client, number: int, **changes: object) -> None:
    time = f"2026-01-31T12:00:{number:02}.000000Z"
    times = {"createdAt": time, "updatedAt": time}
    data = post_data(**{"id": f"p{number}", **times, **changes})
    assert send(query, event("PostCreated", data)).status_code == 202


def read(query: Client) -> feedparser.FeedParserDict:
    answer = query.get("/feed.xml")
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.data, response_headers={"content-type": answer.content_type})
    assert (feed.bozo, feed.version) == (False, "atom10"), feed.get("bozo_exception")
    return feed


def test_a_feed_reader_finds_the_newest_posts_and_where_to_read_them(query: Client) -> None:
    for number in range(NEWEST + 1):
        add_post(query, number, title=f"Title {number}", body="Some *text*")
    feed = read(query)
    assert [entry.title for entry in feed.entries] == [f"Title {n}" for n in range(NEWEST, 0, -1)]
    newest = feed.entries[0]
    assert (newest.link, newest.summary) == (f"{SITE}/posts/p{NEWEST}", "Some text")
    assert newest.published == newest.updated == feed.feed.updated == "2026-01-31T12:00:20.000000Z"
    assert (feed.feed.link, feed.feed.author) == (f"{SITE}/", "Sleeping Blog")
    assert {link.rel: link.href for link in feed.feed.links}["self"] == f"{SITE}/api/feed.xml"


def test_an_empty_blog_has_a_valid_feed(query: Client) -> None:
    feed = read(query)
    assert (feed.entries, feed.feed.updated) == ([], "1970-01-01T00:00:00Z")


def test_a_changed_post_is_updated_under_the_same_id(query: Client) -> None:
    add_post(query, 1)
    before = read(query).entries[0]
    later = "2026-02-01T12:00:00.000000Z"
    data = post_data(title="New", createdAt=before.published, updatedAt=later, version=2)
    send(query, event("PostUpdated", data))
    after = read(query)
    assert (after.entries[0].id, after.entries[0].title) == (before.id, "New")
    assert after.feed.updated == after.entries[0].updated == later


def test_a_deleted_post_is_in_the_feed_no_more(query: Client) -> None:
    add_post(query, 1)
    send(query, event("PostDeleted", {"id": "p1", "version": 2}))
    assert read(query).entries == []


def test_a_feed_that_has_not_changed_is_answered_with_304(query: Client) -> None:
    add_post(query, 1)
    tag = query.get("/feed.xml").headers["ETag"]
    unchanged = query.get("/feed.xml", headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    add_post(query, 2)
    assert query.get("/feed.xml", headers={"If-None-Match": tag}).status_code == 200


def test_without_a_site_the_links_have_no_host(databases: Databases) -> None:
    query = client("query", databases)
    add_post(query, 1)
    root = ET.fromstring(query.get("/feed.xml").data)  # noqa: S314 - our own document
    assert [link.get("href") for link in root.iter(f"{ATOM}link")] == [
        "/api/feed.xml",
        "/",
        "/posts/p1",
    ]


def test_ids_are_absolute_unique_and_the_same_wherever_the_site_is() -> None:
    posts = [
        {**post_data(id=name), "excerpt": "", "version": "1"} for name in ("a", "b", "a/b ?", "ü")
    ]
    here, there = (ids(atom(posts, site, "a")) for site in (SITE, "https://elsewhere.example"))
    assert here == there
    assert len(set(here)) == len(here)
    assert all(identity.startswith("urn:uuid:") for identity in here)


def identity(query: Client) -> str:
    return ids(query.get("/feed.xml").text)[0]


def test_a_feed_keeps_its_id_wherever_its_blog_moves_and_whatever_is_deleted(
    databases: Databases,
) -> None:
    query = client("query", databases, SITE_URL=SITE)
    for number in (2, 1, 3):
        add_post(query, number)
    known = identity(query)
    send(query, event("PostDeleted", {"id": "p2", "version": 2}))
    add_post(query, 4)
    moved = client("query", databases, SITE_URL="https://elsewhere.example")
    assert identity(query) == identity(moved) == known


def test_two_blogs_have_two_feeds(new_databases: NewDatabases) -> None:
    found = []
    for post in ("one", "two"):
        with new_databases() as databases:
            query = client("query", databases, SITE_URL=SITE)
            add_post(query, 1, id=post)
            found.append(identity(query))
    assert found[0] != found[1]


def ids(document: str) -> list[str]:
    root = ET.fromstring(document)  # noqa: S314 - our own document
    return [element.text or "" for element in root.iter(f"{ATOM}id")]


@pytest.mark.parametrize(
    ("text", "read_back"),
    [
        (XHTML_LIKE, XHTML_LIKE),
        ("a\x01b\x1b\x08\ufffe\uffffc", "abc"),
        ("line\r\nline\ttab\x85\u2028", "line\r\nline\ttab\x85\u2028"),
        ("😀 \u202eשל\U0010fffd", "😀 \u202eשל\U0010fffd"),
    ],
)
def test_a_text_comes_back_from_the_feed_but_for_what_xml_cannot_hold(
    text: str, read_back: str
) -> None:
    assert titles(text) == [read_back]


@given(STORABLE)
def test_the_feed_is_well_formed_whatever_the_text(text: str) -> None:
    (title,) = titles(text)
    assert set(title) <= set(text)


def titles(text: str) -> list[str]:
    document = atom([{**post_data(title=text), "excerpt": text, "version": "1"}], SITE, "p1")
    root = ET.fromstring(document.encode())  # noqa: S314 - our own document
    entries = root.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}summary") for entry in entries] == [
        entry.findtext(f"{ATOM}title") for entry in entries
    ]
    return [entry.findtext(f"{ATOM}title") or "" for entry in entries]
