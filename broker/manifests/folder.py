"""From a kustomize folder to documents; changes when the folder's layout or YAML's reading does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from broker.manifests.errors import ManifestError, explain
from broker.manifests.platform import Platform
from broker.manifests.resolve import parse_platform

_KUSTOMIZATION = "kustomization.yaml"


class _Kustomization(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What the local platform obeys of a kustomization; what follows `kind` is a cluster's."""

    namespace: str | None = None
    resources: list[str] = []
    api_version: Literal["kustomize.config.k8s.io/v1beta1"] = "kustomize.config.k8s.io/v1beta1"
    kind: Literal["Kustomization"] = "Kustomization"
    config_map_generator: Any = None
    configurations: Any = None
    images: Any = None
    labels: Any = None


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice, of which YAML would keep the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key {key.value!r} stands there twice",
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_platform(folder: Path) -> Platform:
    """The platform in a folder whose kustomization.yaml lists files; raises ManifestError."""
    kustomization = _kustomization(folder / _KUSTOMIZATION)
    if kustomization.namespace is None:
        raise ManifestError(f"{folder / _KUSTOMIZATION}: namespace: is missing: add it")
    documents = [
        (str(file), document)
        for file in _resources(folder, kustomization)
        for document in _documents(file)
    ]
    return parse_platform(documents, kustomization.namespace)


def _kustomization(file: Path) -> _Kustomization:
    if not file.is_file():
        raise ManifestError(f"{file}: is missing: name the folder that holds it")
    try:
        [kustomization] = (msgspec.convert(each, _Kustomization) for each in _documents(file))
    except msgspec.ValidationError as error:
        raise ManifestError(f"{file}: {': '.join(explain(error))}") from error
    except ValueError as error:
        raise ManifestError(f"{file}: must hold one document: write one") from error
    return kustomization


def _resources(folder: Path, kustomization: _Kustomization) -> Iterator[Path]:
    for name in kustomization.resources:
        place = folder / name
        if place.is_dir():
            yield from _resources(place, _kustomization(place / _KUSTOMIZATION))
        elif place.is_file():
            yield place
        else:
            entry = f"{folder / _KUSTOMIZATION}: resources: {name}"
            raise ManifestError(f"{entry}: there is no such file: add it, or remove the entry")


def _documents(file: Path) -> Iterator[object]:
    """Every document of a YAML file, empty ones left out."""
    try:
        # The loader is SafeLoader with one refusal more.
        for document in yaml.load_all(file.read_text("utf-8"), _Loader):
            if document is not None:
                yield document
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ManifestError(
            f"{file}:{line}: {error.problem or error.context}: correct it"
        ) from error
    except (yaml.YAMLError, ValueError) as error:  # a date such as 2026-99-99 is a ValueError
        raise ManifestError(f"{file}: is no YAML in UTF-8: {error}: correct it") from error
