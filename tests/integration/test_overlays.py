"""Every overlay, built as `kubectl apply -k` builds it: valid, whole, and allowed to run."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
import yaml

from tests.kustomize import KNATIVE, ROOT, Document, Errors, built, named, schema_errors

OVERLAYS = sorted(each.name for each in (KNATIVE / "overlays").iterdir())
WITH_BASE = ["local", "production"]
DIGEST = re.compile(r"[\w./-]+/(?P<name>[\w-]+)@sha256:[0-9a-f]{64}")


@cache
def overlay(name: str) -> list[Document]:
    return built(KNATIVE / "overlays" / name)


def of(name: str, *kinds: str) -> dict[str, Document]:
    return {each["metadata"]["name"]: each for each in overlay(name) if each["kind"] in kinds}


def services(name: str) -> dict[str, Document]:
    found = (each for each in overlay(name) if each["apiVersion"] == "serving.knative.dev/v1")
    return {each["metadata"]["name"]: each for each in found}


def pods(name: str) -> Iterator[tuple[str, Document]]:
    """The template of each pod, with the name of what makes it."""
    for each in overlay(name):
        spec = each.get("spec", {})
        template = spec.get("jobTemplate", each).get("spec", {}).get("template")
        if template:
            yield f"{each['kind']} {each['metadata']['name']}", template


def values(node: Any, key: str) -> Iterator[Any]:
    """Whatever stands under that key, however deep."""
    if isinstance(node, Mapping):
        if key in node:
            yield node[key]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from values(each, key)


def readme() -> str:
    return (KNATIVE / "README.md").read_text("utf-8")


def shown() -> list[Document]:
    """The manifests that the README shows."""
    return [yaml.safe_load(each) for each in re.findall(r"(?s)```yaml\n(.*?)```", readme())]


@pytest.fixture(scope="module")
def errors() -> Errors:
    sources = {name: overlay(name) for name in OVERLAYS} | {"README": shown()}
    return schema_errors(
        {
            f"{name} {label}": document
            for name, documents in sources.items()
            for label, document in named(documents).items()
        }
    )


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_is_valid(name: str, errors: Errors) -> None:
    of_it = {label: said for label, said in errors.items() if label.startswith(f"{name} ")}
    assert len(of_it) == len(overlay(name))
    assert {label: said for label, said in of_it.items() if said} == {}


def test_the_policy_that_the_readme_shows_is_valid_and_names_whoever_publishes_or_replies(
    errors: Errors,
) -> None:
    [policy] = shown()
    assert errors[f"README {next(iter(named([policy])))}"] == []
    named_in_it = {each["name"] for each in values(policy["spec"]["from"], "ref")}
    assert named_in_it == {*of("local", "SinkBinding"), "moderation-comment-created"}


@pytest.mark.parametrize("name", WITH_BASE)
def test_an_overlay_has_all_of_base_under_the_same_names(name: str) -> None:
    assert set(named(built(KNATIVE / "base"))) <= set(named(overlay(name)))


@pytest.mark.parametrize("name", WITH_BASE)
def test_every_pod_passes_the_restricted_standard_that_its_namespace_enforces(name: str) -> None:
    [namespace] = of(name, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for label, template in pods(name):
        spec = template["spec"]
        assert "initContainers" not in spec, label
        for container in spec["containers"]:
            security = {**spec.get("securityContext", {}), **container["securityContext"]}
            assert security["runAsNonRoot"] is True, label
            assert security["runAsUser"] > 0, label
            assert security["seccompProfile"] == {"type": "RuntimeDefault"}, label
            assert security["allowPrivilegeEscalation"] is False, label
            assert security["capabilities"] == {"drop": ["ALL"]}, label
            assert security["readOnlyRootFilesystem"] is True, label
        volumes = {kind for volume in spec.get("volumes", []) for kind in volume} - {"name"}
        assert volumes <= {"configMap", "emptyDir", "projected"}, label


@pytest.mark.parametrize("name", WITH_BASE)
def test_no_pod_gets_a_token_of_the_cluster(name: str) -> None:
    found = {label: pod["spec"].get("automountServiceAccountToken") for label, pod in pods(name)}
    assert set(found.values()) == {False}


@pytest.mark.parametrize("name", WITH_BASE)
def test_every_configmap_that_a_pod_reads_is_there(name: str) -> None:
    there = set(of(name, "ConfigMap"))
    for _, pod in pods(name):
        assert {each["name"] for each in values(pod, "configMap")} <= there


def secrets_read(name: str) -> set[tuple[str, str]]:
    """Names and keys."""
    refs = [ref for _, pod in pods(name) for ref in values(pod, "secretKeyRef")]
    projected = [each for _, pod in pods(name) for each in values(pod, "secret")]
    return {(ref["name"], ref["key"]) for ref in refs} | {
        (each["name"], item["key"]) for each in projected for item in each["items"]
    }


def test_local_brings_every_secret_that_it_reads_and_no_other() -> None:
    there = of("local", "Secret").items()
    assert {(name, key) for name, each in there for key in each["data"]} == secrets_read("local")


def test_production_brings_no_secret_and_the_readme_names_each_that_it_reads() -> None:
    assert of("production", "Secret") == {}
    for name, key in secrets_read("production"):
        assert f"create secret generic {name} --from-literal {key}=" in readme()


def test_local_runs_images_that_knative_looks_for_nowhere_else() -> None:
    for name, service in services("local").items():
        assert set(values(service, "image")) == {f"dev.local/blog/{name}:dev"}


def test_skaffold_builds_each_image_that_local_runs_and_nothing_else() -> None:
    skaffold = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
    built_from = {each["image"]: each["docker"] for each in skaffold["build"]["artifacts"]}
    assert set(built_from) == {f"dev.local/blog/{name}" for name in services("local")}
    for image, docker in built_from.items():
        assert (ROOT / docker["dockerfile"]).is_file()
        if "buildArgs" in docker:
            name = docker["buildArgs"]["FUNCTION"]
            assert image == f"dev.local/blog/{name.replace('_', '-')}"
            assert (ROOT / "functions" / name / "main.py").is_file()
    assert skaffold["manifests"]["kustomize"]["paths"] == ["knative/overlays/local"]


def test_production_runs_images_by_their_digest() -> None:
    for name, service in services("production").items():
        [image] = values(service, "image")
        match = DIGEST.fullmatch(image)
        assert match
        assert match["name"] == name


@pytest.mark.parametrize("name", WITH_BASE)
def test_a_replay_runs_the_image_of_its_function(name: str) -> None:
    for job, cronjob in of(name, "CronJob").items():
        function = services(name)[job.removesuffix("-replay")]
        assert list(values(cronjob, "image")) == list(values(function, "image"))


def test_local_makes_a_database_for_each_function_and_lets_each_reach_it() -> None:
    functions = {name for name, each in services("local").items() if name != "web"}
    job = of("local", "Job")["databases"]
    assert {each["name"] for each in values(job, "secret")} == functions
    policy = of("local", "NetworkPolicy")["to-postgres"]["spec"]
    [allowed] = values(policy["ingress"], "matchLabels")
    assert policy["podSelector"]["matchLabels"].items() <= (
        of("local", "StatefulSet")["postgres"]["spec"]["template"]["metadata"]["labels"].items()
    )
    reaching = [label for label, pod in pods("local") if allowed.items() <= labels(pod).items()]
    assert set(reaching) == {
        *(f"Service {name}" for name in functions),
        *(f"CronJob {name}" for name in of("local", "CronJob")),
        "Job databases",
    }


def labels(pod: Document) -> dict[str, str]:
    found: dict[str, str] = pod["metadata"]["labels"]
    return found


def test_postgres_has_a_connection_for_every_copy_that_may_run() -> None:
    [copies] = {
        int(
            each["spec"]["template"]["metadata"]["annotations"]["autoscaling.knative.dev/max-scale"]
        )
        for each in services("local").values()
    }
    [limit] = of("local", "StatefulSet")["postgres"]["spec"]["template"]["spec"]["containers"][0][
        "args"
    ][2:]
    functions = len(services("local")) - 1
    assert int(limit.removeprefix("max_connections=")) > functions * copies * 4


@pytest.mark.parametrize("name", WITH_BASE)
def test_links_in_the_feed_lead_to_the_page(name: str) -> None:
    env = services(name)["query"]["spec"]["template"]["spec"]["containers"][0]["env"]
    [site] = [each["value"] for each in env if each["name"] == "SITE_URL"]
    assert re.fullmatch(r"https?://[a-z0-9.-]+", site)


def test_production_keeps_the_page_awake_and_nothing_else() -> None:
    awake = {
        name: each["spec"]["template"]["metadata"]["annotations"].get(
            "autoscaling.knative.dev/min-scale", "0"
        )
        for name, each in services("production").items()
    }
    assert {name for name, least in awake.items() if least != "0"} == {"web"}


def test_production_keeps_events_in_kafka_and_orders_those_of_one_entity() -> None:
    broker = of("production", "Broker")["default"]
    assert broker["metadata"]["annotations"] == {"eventing.knative.dev/broker.class": "Kafka"}
    assert broker["spec"]["config"]["kind"] == "ConfigMap"
    ordered = {
        name
        for name, each in of("production", "Trigger").items()
        if each["metadata"].get("annotations")
        == {"kafka.eventing.knative.dev/delivery.order": "ordered"}
    }
    assert ordered == {"query-post-updated", "query-comment-updated"}


def test_an_ingress_leads_a_name_that_knative_knows_to_its_gateway() -> None:
    [rule] = of("ingress", "Ingress")["web"]["spec"]["rules"]
    domain = of("ingress", "DomainMapping")[rule["host"]]
    assert domain["spec"]["ref"]["name"] == "web"
    assert of("ingress", "ClusterDomainClaim")[rule["host"]]["spec"] == {"namespace": "blog"}
    [backend] = values(rule, "backend")
    gateway = of("ingress", "Service")[backend["service"]["name"]]["spec"]
    assert gateway["externalName"] == "kourier.kourier-system.svc.cluster.local"
    assert [port["port"] for port in gateway["ports"]] == [backend["service"]["port"]["number"]]
