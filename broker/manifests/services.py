"""What the runner obeys of a Knative Service; changes when it learns to obey more of one."""

from pathlib import PurePosixPath

from broker.manifests import shapes
from broker.manifests.errors import Place
from broker.manifests.platform import Service

_VISIBILITY = "networking.knative.dev/visibility"
_FUNCTION = "FUNCTION_TARGET"
_ENV = "spec.template.spec.containers[0].env"


def read_service(place: Place, service: shapes.KnativeService, *, broker: str | None) -> Service:
    """Name, function, literal environment and visibility; raises ManifestError."""
    [container] = service.spec.template.spec.containers
    env = _literal_env(place, container)
    return Service(
        name=place.name,
        function=_function(place, env),
        env=env,
        public=_public(place, service.metadata.labels),
        broker=broker,
        variables=frozenset(variable.name for variable in container.env),
    )


def _public(place: Place, labels: shapes.Strings) -> bool:
    visibility = labels.get(_VISIBILITY)
    if visibility not in (None, "cluster-local"):
        problem = f"{visibility!r} is not known: write cluster-local, or leave it out to be public"
        raise place.error(f"metadata.labels.{_VISIBILITY}", problem)
    return visibility is None


def _function(place: Place, env: shapes.Strings) -> str | None:
    function = env.get(_FUNCTION)
    if function is not None and not function.isidentifier():
        problem = f"{_FUNCTION}={function!r} is no Python name: write that of the function's folder"
        raise place.error(_ENV, problem)
    return function


def _literal_env(place: Place, container: shapes.Container) -> dict[str, str]:
    """The variables with a `value`; one without a `valueFrom` either is empty, as in a cluster.

    One that leads into a mounted volume is left to a cluster with its volume.
    """
    names = [variable.name for variable in container.env]
    if twice := {name for name in names if names.count(name) > 1}:
        raise place.error(_ENV, f"{', '.join(sorted(twice))} stands there twice: remove one")
    values = {each.name: each.value or "" for each in container.env if each.value_from is None}
    mounted = [PurePosixPath(each.mount_path) for each in container.volume_mounts]
    return {
        name: value
        for name, value in values.items()
        if not any(PurePosixPath(value).is_relative_to(volume) for volume in mounted)
    }
