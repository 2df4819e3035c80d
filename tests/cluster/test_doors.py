"""The public gateway leads to `web` alone: no function, and no broker, has a host there."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from tests.cluster.deployed import NAMESPACE, Deployed

FUNCTIONS = ("posts", "comments", "moderation", "query", "dead-letters")
EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/posts", "ce-type": "PostDeleted"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_host_is_unknown_to_the_public_gateway(
    cluster: Deployed, function: str
) -> None:
    public = cluster.host or str(urlsplit(cluster.url).hostname)
    for host in (
        f"{function}.{NAMESPACE}.svc.cluster.local",
        f"{function}.{NAMESPACE}",
        public.replace("web.", f"{function}.", 1),
    ):
        door = replace(cluster.site(), host=host)
        assert host != public
        assert door.ask("GET", "/healthz").status == 404
        assert door.ask("POST", "/", {}, headers=EVENT).status == 404
