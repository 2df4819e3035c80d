"""One suite for the ingress in every form: changes when what all these tests need does."""

from collections.abc import Iterator

import pytest

from tests.integration.ingress.door import FORMS, Door, Form, opened


@pytest.fixture(scope="package", params=FORMS)
def form(request: pytest.FixtureRequest) -> Form:
    return FORMS[request.param]()


@pytest.fixture(scope="package")
def running(form: Form, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(form, tmp_path_factory.mktemp("ingress")) as door:
        yield door


@pytest.fixture
def door(running: Door) -> Door:
    running.forget()
    return running
