"""How a folder of manifests is read, and which folders are refused."""

from pathlib import Path

import pytest

from broker.manifests import ManifestError, load_platform

UNOBEYED = "the local platform cannot obey it: remove it, or correct its spelling"
KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: garden
resources: [a.yaml]
"""
TWO_BROKERS = """\
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: default}
---
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: second}
---
"""


def folder(tmp_path: Path, kustomization: str = KUSTOMIZATION, a: str = TWO_BROKERS) -> Path:
    (tmp_path / "kustomization.yaml").write_text(kustomization)
    (tmp_path / "a.yaml").write_text(a)
    return tmp_path


def refusal_of(path: Path) -> str:
    with pytest.raises(ManifestError) as refusal:
        load_platform(path)
    return str(refusal.value).removeprefix(f"{path}/")


def test_a_folder_gives_the_objects_of_every_document_in_its_kustomizations_namespace(
    tmp_path: Path,
) -> None:
    platform = load_platform(folder(tmp_path))
    assert (platform.namespace, platform.brokers) == ("garden", ("default", "second"))


def test_a_file_that_the_kustomization_does_not_list_is_not_read(tmp_path: Path) -> None:
    (folder(tmp_path) / "b.yaml").write_text(": {")
    assert load_platform(tmp_path).namespace == "garden"


def test_a_folder_among_the_resources_is_read_by_its_own_kustomization(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    folder(inner, "resources: [a.yaml]\n")
    (tmp_path / "kustomization.yaml").write_text(KUSTOMIZATION.replace("a.yaml", "inner"))
    platform = load_platform(tmp_path)
    assert (platform.namespace, platform.brokers) == ("garden", ("default", "second"))


def test_a_folder_without_a_kustomization_among_the_resources_is_refused(tmp_path: Path) -> None:
    (folder(tmp_path, KUSTOMIZATION.replace("a.yaml", "inner")) / "inner").mkdir()
    text = refusal_of(tmp_path)
    assert text == "inner/kustomization.yaml: is missing: name the folder that holds it"


def test_an_error_names_the_file_with_its_folder(tmp_path: Path) -> None:
    text = refusal_of(folder(tmp_path, a=TWO_BROKERS.replace("metadata", "metdata")))
    assert text == "a.yaml: a document needs apiVersion, kind and metadata.name: add them"


def test_a_folder_without_a_kustomization_is_refused(tmp_path: Path) -> None:
    text = refusal_of(tmp_path)
    assert text == "kustomization.yaml: is missing: name the folder that holds it"


def test_a_resource_that_is_not_there_is_refused(tmp_path: Path) -> None:
    text = refusal_of(folder(tmp_path, KUSTOMIZATION.replace("a.yaml", "a.yaml, b.yaml")))
    assert text.startswith("kustomization.yaml: resources: b.yaml: there is no such file: add it")


@pytest.mark.parametrize("field", ["patches: []", "namePrefix: a-", "bases: []"])
def test_a_kustomization_that_changes_objects_is_refused(tmp_path: Path, field: str) -> None:
    text = refusal_of(folder(tmp_path, f"{KUSTOMIZATION}{field}\n"))
    name = field.partition(":")[0]
    assert text.startswith(f"kustomization.yaml: {name}: {UNOBEYED}")


def test_a_kustomization_without_a_namespace_is_refused(tmp_path: Path) -> None:
    text = refusal_of(folder(tmp_path, KUSTOMIZATION.replace("namespace: garden\n", "")))
    assert text.startswith("kustomization.yaml: namespace: is missing: add it")


def test_yaml_that_does_not_parse_is_refused_with_file_and_line(tmp_path: Path) -> None:
    text = refusal_of(folder(tmp_path, a="kind: Broker\nmetadata: {name: [default}\n"))
    assert text.startswith("a.yaml:2: ")
    assert text.endswith(": correct it")


def test_a_key_given_twice_is_refused_with_file_and_line(tmp_path: Path) -> None:
    text = refusal_of(folder(tmp_path, a="kind: Broker\nspec:\n  a: 1\n  a: 2\n"))
    assert text == "a.yaml:4: key 'a' stands there twice: correct it"


@pytest.mark.parametrize("content", [b"\xff\xfe\xff", b"a: \x00", b"a: 2026-99-99"])
def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path, content: bytes) -> None:
    (folder(tmp_path) / "a.yaml").write_bytes(content)
    assert refusal_of(tmp_path).startswith("a.yaml: is no YAML in UTF-8")


@pytest.mark.parametrize("content", ["- a.yaml", "3: 4", "namespace: 3"])
def test_a_kustomization_of_another_form_is_refused(tmp_path: Path, content: str) -> None:
    place, problem = refusal_of(folder(tmp_path, content)).split(": ", maxsplit=1)
    assert place == "kustomization.yaml"
    assert problem.startswith(("the document: Expected", "namespace: Expected"))


def test_a_second_document_in_a_kustomization_is_refused(tmp_path: Path) -> None:
    text = refusal_of(folder(tmp_path, f"{KUSTOMIZATION}---\n{KUSTOMIZATION}"))
    assert text == "kustomization.yaml: must hold one document: write one"
