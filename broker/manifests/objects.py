"""From one YAML document to one checked object; changes when the form of a document does."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from broker.manifests import cluster
from broker.manifests.errors import ManifestError, Place, explain
from broker.manifests.shapes import OBEYED, Object

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Found:
    """An object and where it stands; `object` is None where a cluster alone cares for it."""

    place: Place
    object: Object | None


def read_object(file: str, document: object, namespace: str) -> Found:
    """Check one document; raises ManifestError unless every field is obeyed or left."""
    kind, place = _identify(file, document)
    if not _NAME.fullmatch(place.name):
        raise place.error("metadata.name", "use lower-case letters, digits and '-', 63 at most")
    if kind in cluster.KINDS:
        return Found(place, None)
    if kind not in OBEYED:
        raise place.error("kind", f"the local platform does not know {' '.join(kind)}: remove it")
    read = _convert(document, kind, place)
    _check_namespace(read.metadata.namespace, namespace, place)
    return Found(place, read)


def _identify(file: str, document: object) -> tuple[tuple[str, str], Place]:
    match document:
        case {"apiVersion": str(version), "kind": str(kind), "metadata": {"name": str(name)}}:
            return (version, kind), Place(file, kind, name)
    raise ManifestError(f"{file}: a document needs apiVersion, kind and metadata.name: add them")


def _convert(document: Any, kind: tuple[str, str], place: Place) -> Object:
    obeyed = cluster.without(document, cluster.FIELDS.get(kind, {}))
    fields = {key: obeyed[key] for key in obeyed if key not in ("apiVersion", "kind")}
    try:
        return msgspec.convert(fields, OBEYED[kind])
    except msgspec.ValidationError as error:
        raise place.error(*explain(error)) from error


def _check_namespace(found: str | None, namespace: str, place: Place) -> None:
    if found not in (None, namespace):
        raise place.error("metadata.namespace", f"is {found}: remove it, it is {namespace}'s")
