"""What of the caller's environment reaches which program, for the blog as it is delivered."""

from collections.abc import Mapping

import pytest

from broker.manifests import load_platform
from broker.runner import programs
from broker.runner.settings import Settings

SETTINGS = Settings()
PLATFORM = load_platform(SETTINGS.manifests)
MACHINE = {"PATH": "/usr/bin:/bin", "HOME": "/home/me", "TZ": "Asia/Tokyo", "LC_ALL": "tr_TR.UTF-8"}
OURS = {
    "AUTHOR_TOKEN": "known-to-the-author",
    "WORDS_FILE": "/my/words.txt",
    "VERDICT_WITHIN": "60",
    "SITE_URL": "https://blog.example",
    "ALLOWED_HOSTS": "blog.example",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://telemetry.example",
}
# What a caller may have in a shell, and what each would do if it got through.
STRANGE = {
    "AWS_SECRET_ACCESS_KEY": "nobody's business",
    "DATABASE_URL": "postgresql://elsewhere",
    "DEBUG": "1",
    "FEEDS": "http://elsewhere",
    "FUNCTION_SIGNATURE_TYPE": "event",
    "HOST": "0.0.0.0",  # noqa: S104
    "K_SERVICE": "posts",
    "K_SINK": "http://elsewhere",
    "PORT": "1",
    "PYTHONHOME": "/nowhere",
    "PYTHONINSPECT": "1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONPATH": "/another/project",
    "PYTHONSTARTUP": "/my/startup.py",
    "PYTHONWARNINGS": "error",
    "SUBSCRIBERS": "http://elsewhere",
    "WRITE_LIMIT": "maybe",
    "http_proxy": "http://127.0.0.1:9",
}


def environments(given: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """Each program's environment by its name, also of what the blog starts now and then."""
    every = [
        *programs.functions(PLATFORM, SETTINGS, given),
        programs.broker(PLATFORM, SETTINGS, given),
        programs.ingress(PLATFORM, SETTINGS, given),
        *programs.replays(PLATFORM, SETTINGS, given).values(),
    ]
    return {program.name: program.environment for program in every}


GIVEN = environments(MACHINE | OURS | STRANGE)
EVERYBODY = set(GIVEN)


@pytest.mark.parametrize(
    ("name", "readers"),
    [
        ("AUTHOR_TOKEN", {"posts", "comments"}),
        ("WORDS_FILE", {"moderation"}),
        ("VERDICT_WITHIN", {"comments"}),
        ("SITE_URL", EVERYBODY),
        ("ALLOWED_HOSTS", EVERYBODY),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", EVERYBODY - {"ingress"}),
    ],
)
def test_a_setting_reaches_those_that_read_it_and_no_others(name: str, readers: set[str]) -> None:
    assert {program for program in GIVEN if GIVEN[program].get(name) == OURS[name]} == readers
    assert {program for program in GIVEN if OURS[name] in GIVEN[program].values()} == readers


@pytest.mark.parametrize("name", sorted(EVERYBODY))
def test_what_a_shell_happens_to_hold_changes_nothing(name: str) -> None:
    without = environments(MACHINE | OURS)
    assert GIVEN[name] == without[name]
    assert MACHINE.items() <= GIVEN[name].items()


def test_what_sqlite_puts_down_for_a_while_is_on_the_disk_of_the_data() -> None:
    here = {name for name, env in GIVEN.items() if env.get("SQLITE_TMPDIR") == str(SETTINGS.data)}
    assert here == EVERYBODY - {"ingress"}


def test_a_database_is_known_to_its_own_function_alone() -> None:
    knowing = {name: env["DATABASE_URL"] for name, env in GIVEN.items() if "DATABASE_URL" in env}
    assert knowing.keys() == EVERYBODY - {"broker", "ingress"}
    apart = {name: url for name, url in knowing.items() if not name.startswith("replay ")}
    assert len(set(apart.values())) == len(apart)
