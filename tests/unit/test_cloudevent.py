"""One CloudEvent over HTTP: what is read and written in binary and in structured mode."""

import base64
import json
import tracemalloc
from collections.abc import Mapping
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventing.cloudevent import (
    BATCH,
    STRUCTURED,
    BatchRefused,
    CloudEvent,
    InvalidEvent,
    is_event,
    is_json,
    read_event,
    write_binary,
    write_structured,
)

BINARY = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "T"}
MEMBERS: Mapping[str, object] = {"specversion": "1.0", "id": "1", "source": "/s", "type": "T"}


def structured(**changes: object) -> bytes:
    """A structured event with these members changed."""
    return json.dumps({**MEMBERS, **changes}).encode()


def read_structured(**changes: object) -> CloudEvent:
    return read_event({"content-type": STRUCTURED}, structured(**changes))


def read_binary(**changes: str) -> CloudEvent:
    return read_event({**BINARY, **changes}, b"")


# Any Unicode but control characters and lone surrogates.
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20)
FILLED = TEXT.filter(bool)
URI = st.text(st.characters(exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=20)
EXTENSION_NAME = st.from_regex(r"x[a-z0-9]{0,19}", fullmatch=True)
JSON_VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
JSON_EVENT = st.builds(
    CloudEvent,
    id=FILLED,
    source=URI,
    type=FILLED,
    subject=st.none() | FILLED,
    time=st.none() | st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    dataschema=st.none() | URI,
    datacontenttype=st.sampled_from(["application/json", "text/json", "application/x+json; a=b"]),
    data=JSON_VALUE.map(lambda value: json.dumps(value, separators=(",", ":")).encode()),
    extensions=st.dictionaries(EXTENSION_NAME, TEXT, max_size=3),
)


def test_a_structured_event_may_begin_with_a_byte_order_mark() -> None:
    marked = read_event({"content-type": STRUCTURED}, b"\xef\xbb\xbf" + structured())
    assert marked == read_structured()


@given(JSON_EVENT)
def test_an_event_in_binary_mode_comes_back_as_it_was(event: CloudEvent) -> None:
    headers, body = write_binary(event)

    assert all(value.isascii() and value.isprintable() for value in headers.values())
    assert read_event(headers, body) == event


@given(JSON_EVENT)
def test_an_event_in_structured_mode_comes_back_as_it_was(event: CloudEvent) -> None:
    body = json.dumps(write_structured(event)).encode()

    assert read_event({"Content-Type": f"{STRUCTURED}; charset=utf-8"}, body) == event


@given(st.binary(min_size=1))
def test_data_that_is_no_json_comes_back_as_it_was(data: bytes) -> None:
    event = CloudEvent(id="1", source="/s", type="T", datacontenttype="image/png", data=data)

    assert read_event(*write_binary(event)) == event
    assert read_structured(**write_structured(event)) == event


def test_data_that_only_calls_itself_json_comes_back_as_it_was() -> None:
    event = CloudEvent(id="1", source="/s", type="T", datacontenttype="text/json", data=b"{")

    assert read_structured(**write_structured(event)) == event


HEADER_NAME = st.sampled_from(["ce-id", "ce-source", "ce-time", "ce-x", "ce-", "content-type"])
HEADER_VALUE = st.text(st.characters(max_codepoint=0x17F)) | TEXT.map(quote)


@given(st.dictionaries(HEADER_NAME, HEADER_VALUE))
def test_whatever_headers_are_sent_they_are_an_event_or_refused(headers: dict[str, str]) -> None:
    try:
        event = read_binary(**headers)
    except InvalidEvent:
        return
    assert read_event(*write_binary(event)) == event


@given(st.dictionaries(st.sampled_from([*MEMBERS, "data", "time", "x"]), JSON_VALUE))
def test_whatever_members_are_sent_they_are_an_event_or_refused(members: dict[str, object]) -> None:
    try:
        event = read_structured(**members)
    except InvalidEvent:
        return
    assert read_event(*write_binary(event)) == event


ENCODED = {
    "a space": ("a b", "a%20b"),
    "a double quote": ('"', "%22"),
    "a percent sign": ("50%", "50%25"),
    "a letter outside ASCII": ("é", "%C3%A9"),
    "a character outside the BMP": ("😀", "%F0%9F%98%80"),
    "no other visible character": (
        "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~",
        "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~",
    ),
}


@pytest.mark.parametrize("text", ["x", "é", "😀"])
def test_an_attribute_may_be_as_long_as_one_header_can_be_when_it_is_sent_on(text: str) -> None:
    encoded = len(quote(text))
    fits = text * ((8_000 - len("subject")) // encoded)
    assert read_structured(subject=fits).subject == fits
    with pytest.raises(InvalidEvent, match="subject has more than 8000 characters"):
        read_structured(subject=fits + text)


def test_an_event_may_have_as_many_attributes_as_there_can_be_headers() -> None:
    more = {f"x{number}": "x" for number in range(80 - len(MEMBERS))}
    assert len(read_structured(**more).attributes()) == 80
    with pytest.raises(InvalidEvent, match="more than 80 attributes"):
        read_structured(**more, onemore="x")


def test_a_refusal_does_not_repeat_a_name_without_end() -> None:
    for name in ("x" * 100_000, "X" * 100_000):
        with pytest.raises(InvalidEvent) as refused:
            read_structured(**{name: "x"})
        assert len(str(refused.value)) < 200


@pytest.mark.parametrize(("value", "header"), ENCODED.values(), ids=ENCODED)
def test_a_header_percent_encodes(value: str, header: str) -> None:
    headers, _ = write_binary(CloudEvent(id="1", source="/s", type="T", subject=value))

    assert headers["ce-subject"] == header


DECODED = {
    "percent-encoding, in either case": ("%c3%A9", "é"),
    "one round of it only": ("%2541", "%41"),
    "characters that need no encoding": ("a%41b", "aAb"),
    "a percent sign that encodes nothing": ("100%", "100%"),
    "a quoted string": ('"a b"', "a b"),
    "escapes in a quoted string": (r'"a\"b\\c"', 'a"b\\c'),
    "percent-encoding in a quoted string": ('"%C3%A9"', "é"),
    "a lone double quote": ('"', '"'),
    "a plus sign as itself": ("a+b", "a+b"),
}


@pytest.mark.parametrize(("header", "value"), DECODED.values(), ids=DECODED)
def test_a_header_is_decoded_from(header: str, value: str) -> None:
    assert read_binary(**{"ce-subject": header}).subject == value


def test_header_names_are_read_in_any_case() -> None:
    headers = {name.title(): value for name, value in BINARY.items()}

    event = read_event({**headers, "Content-Type": "application/json", "CE-Tenant": "a"}, b"{}")

    assert event.datacontenttype == "application/json"
    assert event.extensions == {"tenant": "a"}


def test_other_headers_are_no_attributes() -> None:
    assert read_binary(host="x", cexy="y").extensions == {}


def test_only_attributes_that_are_present_are_listed() -> None:
    event = CloudEvent(id="1", source="/s", type="T", extensions={"tenant": "a"})

    assert event.attributes() == {**MEMBERS, "tenant": "a"}


def test_extensions_are_set_and_taken_away_on_a_copy() -> None:
    event = CloudEvent(id="1", source="/s", type="T", extensions={"a": "1", "b": "2"})

    assert event.with_extensions(a=None, c="3").extensions == {"b": "2", "c": "3"}
    assert event.extensions == {"a": "1", "b": "2"}


CLAIMS = {
    "a ce-specversion header": ({"Ce-SpecVersion": "0.3"}, True),
    "the structured content type": ({"Content-Type": f"{STRUCTURED}; charset=utf-8"}, True),
    "a batch": ({"content-type": BATCH}, False),
    "other ce headers only": ({"ce-id": "1"}, False),
    "plain JSON": ({"content-type": "application/json"}, False),
    "nothing": ({}, False),
}


@pytest.mark.parametrize(("headers", "claims"), CLAIMS.values(), ids=CLAIMS)
def test_an_answer_claims_to_be_an_event_by(headers: dict[str, str], claims: bool) -> None:
    assert is_event(headers) is claims


JSON_TYPES = {
    None: True,
    "application/json": True,
    "APPLICATION/JSON ; charset=utf-8": True,
    "text/json": True,
    "application/vnd.example+json": True,
    "application/jsonl": False,
    "application/xml": False,
    "application/vnd.json.example": False,
}


@pytest.mark.parametrize(("content_type", "expected"), JSON_TYPES.items())
def test_data_is_json_by_its_content_type(content_type: str | None, expected: bool) -> None:
    assert is_json(content_type) is expected


REQUIRED = ("specversion", "id", "source", "type")


@pytest.mark.parametrize("name", REQUIRED)
def test_an_event_without_a_required_attribute_is_refused(name: str) -> None:
    headers = {header: value for header, value in BINARY.items() if header != f"ce-{name}"}

    with pytest.raises(InvalidEvent, match=name):
        read_event(headers, b"")
    with pytest.raises(InvalidEvent, match=name):
        read_structured(**{name: None})


@pytest.mark.parametrize("name", REQUIRED)
def test_an_event_with_an_empty_required_attribute_is_refused(name: str) -> None:
    with pytest.raises(InvalidEvent, match=name):
        read_binary(**{f"ce-{name}": ""})
    with pytest.raises(InvalidEvent, match=name):
        read_structured(**{name: ""})


REFUSED_HEADERS = {
    "another specversion": {"ce-specversion": "0.3"},
    "an underscore in an attribute name": {"ce-tenant_id": "x"},
    "a hyphen in an attribute name": {"ce-my-tenant": "x"},
    "no attribute name": {"ce-": "x"},
    "an attribute named data": {"ce-data": "x"},
    "datacontenttype as a header of its own": {"ce-datacontenttype": "text/plain"},
    "an encoded control character": {"ce-subject": "a%0Ab"},
    "an encoded NUL": {"ce-id": "%00"},
    "an encoded C1 control character": {"ce-tenant": "%C2%85"},
    "a raw character outside ASCII": {"ce-subject": "Ã©"},
    "percent-encoding that is not UTF-8": {"ce-subject": "%FF"},
    "an encoded lone surrogate": {"ce-subject": "%ED%A0%80"},
    "an empty subject": {"ce-subject": ""},
    "a source with a space": {"ce-source": "/a%20b"},
    "a dataschema with a line break": {"ce-dataschema": "http://x/%E2%80%A8"},
    "a content type outside ASCII": {"content-type": "téxt/plain"},
    "a time that is a date": {"ce-time": "2026-01-31"},
    "a time without a zone": {"ce-time": "2026-01-31T12:00:00"},
    "a month that there is not": {"ce-time": "2026-13-01T12:00:00Z"},
    "a month that there is not, in a leap second": {"ce-time": "2026-13-01T23:59:60Z"},
    "an hour that there is not": {"ce-time": "2026-01-31T24:00:01Z"},
    "a time in other digits": {"ce-time": quote("٢٠٢٦-01-31T12:00:00Z")},
    "words for a time": {"ce-time": "yesterday"},
    "an unknown event format": {"content-type": "application/cloudevents+xml"},
    "an unknown batch format": {"content-type": "application/cloudevents-batch+xml"},
}


@pytest.mark.parametrize("headers", REFUSED_HEADERS.values(), ids=REFUSED_HEADERS)
def test_binary_mode_refuses(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidEvent):
        read_binary(**headers)


TIMES = [
    "2026-01-31T12:00:00Z",
    "2026-01-31t12:00:00z",
    "2026-01-31T12:00:00.1Z",
    "2026-01-31T12:00:00.123456789Z",
    "2026-01-31T12:00:00+05:30",
    "2016-12-31T23:59:60Z",
]


@pytest.mark.parametrize("time", TIMES)
def test_a_time_of_rfc_3339_is_kept_as_it_was_written(time: str) -> None:
    assert read_binary(**{"ce-time": time}).time == time


REFUSED_MEMBERS: dict[str, dict[str, object]] = {
    "another specversion": {"specversion": "1.1"},
    "an upper-case attribute name": {"tenantId": "x"},
    "an underscore in an attribute name": {"tenant_id": "x"},
    "an empty attribute name": {"": "x"},
    "a lone surrogate as a name": {"\ud800": []},
    "a control character": {"subject": "a\x00b"},
    "a lone surrogate": {"subject": "\ud800"},
    "a bad time": {"time": "31.1.2026"},
    "an empty time": {"time": ""},
    "a number as id that is no integer": {"id": 1.5},
    "an integer beyond 32 bits": {"tenant": 2**31},
    "an object as an extension": {"tenant": {"id": 1}},
    "a list as an extension": {"tenant": [1]},
    "data twice": {"data": 1, "data_base64": "MQ=="},
    "data_base64 that is not base64": {"data_base64": "MQ"},
    "data_base64 with a line break": {"data_base64": "MQ==\n"},
    "data_base64 that is no string": {"data_base64": 1},
    "a content type outside ASCII": {"datacontenttype": "😀"},
    "a content type that ends in a space": {"datacontenttype": "text/plain "},
}


@pytest.mark.parametrize("members", REFUSED_MEMBERS.values(), ids=REFUSED_MEMBERS)
def test_structured_mode_refuses(members: dict[str, object]) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        read_structured(**members)

    assert str(refusal.value).encode()  # fit to be sent to whoever sent the event


REFUSED_BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a string": b'"event"',
    "bytes that are not UTF-8": b'{"specversion": "1.0\xff"}',
    "NaN": structured().replace(b'"/s"', b"NaN"),
    "NaN in its data": structured(data=float("nan")),
    "a number in its data that only Infinity could stand for": structured()[:-1]
    + b',"data":1e999}',
    "deep nesting": structured()[:-1] + b',"data":' + b"[" * 500 + b"]" * 500 + b"}",
}


@pytest.mark.parametrize("body", REFUSED_BODIES.values(), ids=REFUSED_BODIES)
def test_a_structured_body_is_refused_for(body: bytes) -> None:
    with pytest.raises(InvalidEvent):
        read_event({"content-type": STRUCTURED}, body)


def test_a_request_that_claims_no_event_is_refused() -> None:
    with pytest.raises(InvalidEvent, match="no ce-specversion"):
        read_event({"content-type": "application/json"}, b"{}")


def test_a_batch_is_refused_as_one() -> None:
    with pytest.raises(BatchRefused):
        read_event({"content-type": f"{BATCH}; charset=utf-8"}, b"[]")


def test_ten_megabytes_of_brackets_cost_little_more_than_themselves() -> None:
    body = b"[" * 10_000_000
    tracemalloc.start()
    try:
        with pytest.raises(InvalidEvent, match="nested"):
            read_event({"content-type": STRUCTURED}, body)
        assert tracemalloc.get_traced_memory()[1] < 2 * len(body)
    finally:
        tracemalloc.stop()


CANONICAL: dict[str, tuple[object, str]] = {
    "true": (True, "true"),
    "false": (False, "false"),
    "the smallest integer": (-(2**31), "-2147483648"),
    "the largest integer": (2**31 - 1, "2147483647"),
    "zero": (0, "0"),
    "a string as it is": (" 01 ", " 01 "),
    "an empty string": ("", ""),
}


@pytest.mark.parametrize(("value", "text"), CANONICAL.values(), ids=CANONICAL)
def test_an_extension_has_the_canonical_form_of(value: object, text: str) -> None:
    assert read_structured(tenant=value).extensions == {"tenant": text}


def test_a_null_member_is_absent() -> None:
    assert read_structured(subject=None, tenant=None) == read_structured()


DATA: dict[str, tuple[dict[str, object], bytes, str | None]] = {
    "absent": ({}, b"", None),
    "JSON, and says so": ({"data": {"a": "é"}}, b'{"a":"\\u00e9"}', "application/json"),
    "a JSON string": ({"data": "a"}, b'"a"', "application/json"),
    "JSON's null": ({"data": None}, b"null", "application/json"),
    "text, by its content type": (
        {"data": "é", "datacontenttype": "text/plain"},
        "é".encode(),
        "text/plain",
    ),
    "text with a lone surrogate, kept for whoever can read it": (
        {"data": "\ud800", "datacontenttype": "text/plain"},
        b"\xed\xa0\x80",
        "text/plain",
    ),
    "bytes": ({"data_base64": base64.b64encode(b"\xff\x00").decode()}, b"\xff\x00", None),
}


@pytest.mark.parametrize(("members", "data", "content_type"), DATA.values(), ids=DATA)
def test_structured_data_is(members: dict[str, object], data: bytes, content_type: str) -> None:
    event = read_structured(**members)

    assert (event.data, event.datacontenttype) == (data, content_type)
