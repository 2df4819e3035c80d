"""Only who has the author's token may do what only the author may."""

import pytest
from werkzeug.datastructures import Headers

from eventing.bearer import Bearer, TokenMissing, TokenUnfit
from eventing.call import Call
from eventing.cause import Cause
from eventing.guesses import TooManyGuesses
from eventing.problem import Unauthorized


def call(authorization: str | None, **more: str) -> Call:
    headers = Headers() if authorization is None else Headers({"Authorization": authorization})
    headers.update({name.replace("_", "-"): value for name, value in more.items()})
    return Call("POST", "/posts", headers, {}, Cause("c"), b"", peer="192.0.2.1")


ACCEPTED = {
    "the token": "Bearer s3cret-of-the-author",
    "any case of the scheme": "bEARER s3cret-of-the-author",
    "more spaces": "Bearer   s3cret-of-the-author ",
}
REFUSED = {
    "no header": None,
    "an empty header": "",
    "the token alone": "s3cret-of-the-author",
    "another scheme": "Basic s3cret-of-the-author",
    "no token": "Bearer",
    "an empty token": "Bearer ",
    "the beginning of the token": "Bearer s3cret-of-the-autho",
    "more than the token": "Bearer s3cret-of-the-authors",
    "another case of the token": "Bearer S3CRET-OF-THE-AUTHOR",
    "text outside ASCII": "Bearer s3crét-of-the-author",
    "a lone surrogate": "Bearer \ud800",
}


@pytest.mark.parametrize("authorization", ACCEPTED.values(), ids=ACCEPTED)
def test_the_author_is_known_by(authorization: str) -> None:
    Bearer("s3cret-of-the-author").check(call(authorization))


@pytest.mark.parametrize("authorization", REFUSED.values(), ids=REFUSED)
def test_the_author_is_not_known_by(authorization: str | None) -> None:
    with pytest.raises(Unauthorized) as refusal:
        Bearer("s3cret-of-the-author").check(call(authorization))

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
    bearer = Bearer.from_env({"AUTHOR_TOKEN": "s3cret-of-the-author\n", "K_SERVICE": "posts"})

    assert not bearer.open
    bearer.check(call("Bearer s3cret-of-the-author"))
    assert caplog.messages == []


@pytest.mark.parametrize(
    "token",
    [
        "fifteen-letters",
        "p\u00e4ssword-of-the-author",
        "two words of an author",
        "a\tb" * 8,
        "\x7f" * 16,
    ],
)
def test_a_token_that_can_be_guessed_or_cannot_travel_ends_the_start(token: str) -> None:
    with pytest.raises(TokenUnfit, match="AUTHOR_TOKEN must have 16") as refusal:
        Bearer.from_env({"AUTHOR_TOKEN": token})
    assert token not in str(refusal.value)


def test_after_ten_wrong_tokens_even_the_right_one_must_wait() -> None:
    bearer = Bearer("s3cret-of-the-author")
    for _ in range(10):
        with pytest.raises(Unauthorized):
            bearer.check(call("Bearer guess"))
    for authorization in ("Bearer guess", "Bearer s3cret-of-the-author"):
        with pytest.raises(TooManyGuesses):
            bearer.check(call(authorization))
    bearer.check(call("Bearer s3cret-of-the-author", X_Client_Address="192.0.2.2"))


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer  ", "Basic eDp5"])
def test_who_shows_no_token_guesses_none(authorization: str | None) -> None:
    bearer = Bearer("s3cret-of-the-author")
    for _ in range(20):
        with pytest.raises(Unauthorized):
            bearer.check(call(authorization))
    bearer.check(call("Bearer s3cret-of-the-author"))


@pytest.mark.parametrize("opened", ["", "0", "yes"])
def test_in_a_cluster_a_missing_token_ends_the_start(opened: str) -> None:
    with pytest.raises(TokenMissing, match="AUTHOR_OPEN=1"):
        Bearer.from_env({"K_SERVICE": "posts", "AUTHOR_TOKEN": "", "AUTHOR_OPEN": opened})


def test_in_a_cluster_the_blog_is_open_only_when_that_is_meant() -> None:
    assert Bearer.from_env({"K_SERVICE": "posts", "AUTHOR_OPEN": "1"}).open
