"""Only who has the author's token may do what only the author may."""

import pytest
from werkzeug.datastructures import Headers

from eventing.bearer import Bearer, TokenMissing
from eventing.call import Call
from eventing.cause import Cause
from eventing.problem import Unauthorized


def call(authorization: str | None) -> Call:
    headers = Headers() if authorization is None else Headers({"Authorization": authorization})
    return Call("POST", "/posts", headers, {}, Cause("c"), b"")


ACCEPTED = {
    "the token": "Bearer s3cret",
    "any case of the scheme": "bEARER s3cret",
    "more spaces": "Bearer   s3cret ",
}
REFUSED = {
    "no header": None,
    "an empty header": "",
    "the token alone": "s3cret",
    "another scheme": "Basic s3cret",
    "no token": "Bearer",
    "an empty token": "Bearer ",
    "the beginning of the token": "Bearer s3cre",
    "more than the token": "Bearer s3crets",
    "another case of the token": "Bearer S3CRET",
    "text outside ASCII": "Bearer s3crét",
    "a lone surrogate": "Bearer \ud800",
}


@pytest.mark.parametrize("authorization", ACCEPTED.values(), ids=ACCEPTED)
def test_the_author_is_known_by(authorization: str) -> None:
    Bearer("s3cret").check(call(authorization))


@pytest.mark.parametrize("authorization", REFUSED.values(), ids=REFUSED)
def test_the_author_is_not_known_by(authorization: str | None) -> None:
    with pytest.raises(Unauthorized) as refusal:
        Bearer("s3cret").check(call(authorization))

    assert refusal.value.headers == {"WWW-Authenticate": 'Bearer realm="author"'}


@pytest.mark.parametrize("env", [{}, {"AUTHOR_TOKEN": ""}, {"AUTHOR_TOKEN": " \n"}])
def test_on_a_laptop_everybody_may_write_when_no_token_is_set(
    env: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    bearer = Bearer.from_env(env)

    assert bearer.open
    bearer.check(call(None))
    assert caplog.messages == ["AUTHOR_TOKEN is not set: everybody may write"]


def test_a_token_that_is_set_is_asked_for_without_its_line_break(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bearer = Bearer.from_env({"AUTHOR_TOKEN": "s3cret\n", "K_SERVICE": "posts"})

    assert not bearer.open
    bearer.check(call("Bearer s3cret"))
    assert caplog.messages == []


@pytest.mark.parametrize("opened", ["", "0", "yes"])
def test_in_a_cluster_a_missing_token_ends_the_start(opened: str) -> None:
    with pytest.raises(TokenMissing, match="AUTHOR_OPEN=1"):
        Bearer.from_env({"K_SERVICE": "posts", "AUTHOR_TOKEN": "", "AUTHOR_OPEN": opened})


def test_in_a_cluster_the_blog_is_open_only_when_that_is_meant() -> None:
    assert Bearer.from_env({"K_SERVICE": "posts", "AUTHOR_OPEN": "1"}).open
