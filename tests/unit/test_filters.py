"""Which events a Trigger's filter lets through, and which filters are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.filters import FilterError, compile_filter
from eventing.cloudevent import CloudEvent

EVENT = CloudEvent(
    id="1",
    source="/posts",
    type="PostCreated",
    subject="p1",
    extensions={"partitionkey": "p1", "correlationid": ""},
)

TYPE = {"exact": {"type": "PostCreated"}}
OTHER_TYPE = {"exact": {"type": "PostDeleted"}}

PASSING = {
    "one attribute that is equal": [TYPE],
    "several attributes that are equal": [{"exact": {"type": "PostCreated", "source": "/posts"}}],
    "an extension": [{"exact": {"partitionkey": "p1"}}],
    "specversion": [{"exact": {"specversion": "1.0"}}],
    "a prefix": [{"prefix": {"type": "Post"}}],
    "the whole value as its prefix": [{"prefix": {"type": "PostCreated"}}],
    "a suffix": [{"suffix": {"type": "Created"}}],
    "all, when each passes": [{"all": [TYPE, {"prefix": {"source": "/"}}]}],
    "any, when one passes": [{"any": [OTHER_TYPE, TYPE]}],
    "not, when its filter fails": [{"not": OTHER_TYPE}],
    "not, when the attribute is absent": [{"not": {"exact": {"tenant": "a"}}}],
    "dialects within dialects": [{"not": {"any": [OTHER_TYPE, {"all": [TYPE, OTHER_TYPE]}]}}],
    "several items that all pass": [TYPE, {"not": OTHER_TYPE}],
    "an empty list": [],
}

FAILING = {
    "another value": [OTHER_TYPE],
    "another case": [{"exact": {"type": "postcreated"}}],
    "one attribute of two that differs": [{"exact": {"type": "PostCreated", "source": "/x"}}],
    "an extension that is absent": [{"exact": {"tenant": "a"}}],
    "an optional attribute that is absent": [{"prefix": {"dataschema": "http"}}],
    "a value that is merely part of the prefix": [{"prefix": {"type": "PostCreatedTwice"}}],
    "a prefix that stands inside": [{"prefix": {"type": "Created"}}],
    "a suffix that stands inside": [{"suffix": {"type": "Post"}}],
    "all, when one fails": [{"all": [TYPE, OTHER_TYPE]}],
    "any, when none passes": [{"any": [OTHER_TYPE, {"prefix": {"type": "X"}}]}],
    "not, when its filter passes": [{"not": TYPE}],
    "several items of which one fails": [TYPE, OTHER_TYPE],
}


@pytest.mark.parametrize("filters", PASSING.values(), ids=PASSING)
def test_filters_let_through(filters: object) -> None:
    assert compile_filter(filters=filters)(EVENT)


@pytest.mark.parametrize("filters", FAILING.values(), ids=FAILING)
def test_filters_hold_back(filters: object) -> None:
    assert not compile_filter(filters=filters)(EVENT)


@pytest.mark.parametrize(
    ("attributes", "passes"),
    [
        pytest.param(None, True, id="no filter lets everything through"),
        pytest.param({}, True, id="no attribute lets everything through"),
        pytest.param({"type": "PostCreated"}, True, id="an equal value passes"),
        pytest.param({"type": "Post"}, False, id="a mere prefix fails"),
        pytest.param({"type": "PostCreated", "source": "/x"}, False, id="all must be equal"),
        pytest.param({"subject": ""}, True, id="the empty value stands for any value"),
        pytest.param({"dataschema": ""}, False, id="any value fails when there is none"),
        pytest.param({"tenant": ""}, False, id="any value fails when the extension is absent"),
        pytest.param({"correlationid": ""}, False, id="any value fails when it is empty"),
    ],
)
def test_the_old_filter(attributes: object, *, passes: bool) -> None:
    assert compile_filter(attributes)(EVENT) is passes


def test_filters_win_over_the_old_filter() -> None:
    assert not compile_filter({"type": "PostCreated"}, [OTHER_TYPE])(EVENT)
    assert compile_filter({"type": "PostDeleted"}, [TYPE])(EVENT)


def test_an_empty_list_leaves_the_old_filter_in_force() -> None:
    assert not compile_filter({"type": "PostDeleted"}, [])(EVENT)


REFUSED = {
    "a map instead of a list": ({"exact": {"type": "a"}}, "spec.filters: must be a list"),
    "a string instead of a list": ("exact", "spec.filters: must be a list"),
    "two dialects in one item": (
        [{"exact": {"type": "a"}, "prefix": {"type": "a"}}],
        "spec.filters[0]: must hold one dialect",
    ),
    "an item without a dialect": ([TYPE, {}], "spec.filters[1]: must hold one dialect"),
    "an item that is no map": (["exact"], "spec.filters[0]: must hold one dialect"),
    "an unknown dialect": ([{"exactly": {"type": "a"}}], "spec.filters[0].exactly: is no dialect"),
    "CESQL": ([{"cesql": "type = 'a'"}], "spec.filters[0].cesql: the local broker does not read"),
    "CESQL deep inside": (
        [{"any": [TYPE, {"not": {"cesql": "TRUE"}}]}],
        "spec.filters[0].any[1].not.cesql: the local broker does not read CESQL",
    ),
    "all of nothing": ([{"all": []}], "spec.filters[0].all: must hold at least one filter"),
    "any of nothing": ([{"any": []}], "spec.filters[0].any: must hold at least one filter"),
    "all of a map": ([{"all": TYPE}], "spec.filters[0].all: must be a list"),
    "not of a list": ([{"not": [TYPE]}], "spec.filters[0].not: must hold one dialect"),
    "no attribute": ([{"exact": {}}], "spec.filters[0].exact: must name at least one attribute"),
    "an empty value": ([{"exact": {"type": ""}}], "spec.filters[0].exact.type: must not be empty"),
    "a number": ([{"suffix": {"type": 1}}], "spec.filters[0].suffix.type: must be a string"),
    "a value instead of a map": ([{"exact": "a"}], "spec.filters[0].exact: must be a mapping"),
    "a name in capitals": ([{"exact": {"Type": "a"}}], "exact.Type: an attribute name has"),
    "time": ([{"prefix": {"time": "2026"}}], "prefix.time: the local broker does not compare it"),
}


@pytest.mark.parametrize(("filters", "error"), REFUSED.values(), ids=REFUSED)
def test_filters_that_are_refused(filters: object, error: str) -> None:
    with pytest.raises(FilterError) as refusal:
        compile_filter(filters=filters)
    assert error in str(refusal.value)


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({"type": 1}, "spec.filter.attributes.type: must be a string"),
        ({"ce-type": "a"}, "spec.filter.attributes.ce-type: an attribute name has"),
        (["type"], "spec.filter.attributes: must be a mapping"),
    ],
)
def test_old_filters_that_are_refused(attributes: object, error: str) -> None:
    with pytest.raises(FilterError) as refusal:
        compile_filter(attributes, [TYPE])
    assert error in str(refusal.value)


values = st.text(st.sampled_from("ab"), min_size=1, max_size=3)
comparisons = st.builds(
    lambda dialect, name, value: {dialect: {name: value}},
    st.sampled_from(["exact", "prefix", "suffix"]),
    st.sampled_from(["type", "source", "tenant"]),
    values,
)
items = st.recursive(
    comparisons,
    lambda inner: (
        st.builds(
            lambda dialect, parts: {dialect: parts},
            st.sampled_from(["all", "any"]),
            st.lists(inner, min_size=1, max_size=3),
        )
        | st.builds(lambda part: {"not": part}, inner)
    ),
    max_leaves=6,
)
events = st.builds(CloudEvent, id=st.just("1"), type=values, source=values)


@given(st.lists(items, max_size=4), events)
def test_a_list_passes_exactly_when_each_of_its_items_does(
    filters: list[object], event: CloudEvent
) -> None:
    each = [compile_filter(filters=[item])(event) for item in filters]
    assert compile_filter(filters=filters)(event) is all(each)


@given(st.lists(items, min_size=1, max_size=4), events)
def test_not_any_is_all_not(parts: list[object], event: CloudEvent) -> None:
    none = compile_filter(filters=[{"not": {"any": parts}}])
    each_not = compile_filter(filters=[{"all": [{"not": part} for part in parts]}])
    assert none(event) is each_not(event)
