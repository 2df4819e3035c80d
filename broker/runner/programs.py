"""Which programs make up the blog, with their commands and environments; changes with the parts."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGQUIT, SIGTERM, Signals

from broker.manifests import Platform, Service
from broker.runner import nginx
from broker.runner.environment import (
    CERTIFICATES,
    INGRESS,
    INTERPRETER,
    MACHINE,
    SERVERS,
    Environment,
    chosen,
    settable,
)
from broker.runner.settings import HOST, HOST_IPV6, Settings, has_ipv6

# How long a function may be silent before the ingress answers 504; the same in a cluster.
READ_TIMEOUT = "60s"

# The page as the ingress finds it, in its own folder: the project's may have a name that is more
# than text to nginx.
PAGE = "page-built"
INGRESS_FOLDER = "ingress"
STORES = ("answers", "fresh", "pages")  # where the ingress keeps answers, in that folder

# -P: modules come from PYTHONPATH and the environment, never from where the caller stands.
PYTHON = (sys.executable, "-P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to run: what the log calls it, its command line, its environment."""

    name: str
    command: tuple[str, ...]
    environment: Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Program(Command):
    """One program to keep running; ready once `GET probe` at its port is answered with 200."""

    port: int
    option: str
    """The option of `blog run` that moves the port."""
    remedy: str
    """What to do when it ends at its start."""
    probe: str = "/healthz"
    stop_signal: Signals = SIGTERM


def ports(platform: Platform, settings: Settings) -> dict[str, int]:
    """The port of each Service that is a function, in the manifests' order."""
    names = [service.name for service in platform.services if service.function]
    return {name: settings.function_port + place for place, name in enumerate(names)}


def functions(platform: Platform, settings: Settings, inherited: Environment) -> list[Program]:
    """One process for each Service that is a function."""
    at = ports(platform, settings)
    return [
        _function(
            service,
            at[service.name],
            settings,
            _common(platform, settings, inherited, service)
            | chosen(inherited, settable(service.variables)),
        )
        for service in at_home(platform, at)
        if service.function
    ]


def replays(platform: Platform, settings: Settings, inherited: Environment) -> dict[str, Command]:
    """The program beside each function whose copy of others' state can be made from FEEDS."""
    return {
        service.name: Command(
            name=f"replay {service.name}",
            command=(*PYTHON, str(settings.root / f"functions/{service.function}/replay.py")),
            environment=_common(platform, settings, inherited, service),
        )
        for service in at_home(platform, ports(platform, settings))
        if "FEEDS" in service.env
    }


def repairs(platform: Platform, settings: Settings, inherited: Environment) -> list[Command]:
    """What is done once a day: every copy is checked and mended, as CronJobs do in a cluster."""
    every = replays(platform, settings, inherited).values()
    return [replace(each, command=(*each.command, "--repair")) for each in every]


def at_home(platform: Platform, at: Mapping[str, int]) -> list[Service]:
    """The Services; a function's address in a cluster is the local one in their environment."""
    here = {
        f"//{name}.{platform.namespace}.svc.cluster.local/": f"//{HOST}:{port}/"
        for name, port in at.items()
    }
    return [
        replace(service, env={name: _local(value, here) for name, value in service.env.items()})
        for service in platform.services
    ]


def _local(value: str, here: Mapping[str, str]) -> str:
    for there, local in here.items():
        value = value.replace(there, local)
    return value


def _function(service: Service, port: int, settings: Settings, environment: Environment) -> Program:
    source = Path("functions") / str(service.function) / "main.py"
    chosen = ("--source", str(settings.root / source), "--target", str(service.function))
    listening = ("--host", HOST, "--port", str(port))
    return Program(
        name=service.name,
        command=(*PYTHON, "-m", "eventing.serve", *chosen, *listening),
        environment=environment,
        port=port,
        option="--function-port",
        remedy="to see all that it says, run it alone: "
        f"python -m eventing.serve --source {source} --target {service.function}",
    )


def _common(
    platform: Platform, settings: Settings, inherited: Environment, service: Service
) -> dict[str, str]:
    own = {"DATABASE_URL": f"sqlite:///{settings.data / f'{service.function}.db'}"}
    if service.broker is not None:
        own["K_SINK"] = (
            f"http://{HOST}:{settings.broker_port}/{platform.namespace}/{service.broker}"
        )
    more = {**_base(settings, inherited), **chosen(inherited, CERTIFICATES)}
    return {"SITE_URL": settings.site, **service.env, **more, **own}


def _base(settings: Settings, inherited: Environment) -> Environment:
    return {
        **chosen(inherited, (*MACHINE, *INTERPRETER, *SERVERS)),
        "LOG_LEVEL": settings.log_level,
        "PYTHONPATH": str(settings.root),
        # A large sort needs room, and it is the data's disk that is watched and has to have it.
        "SQLITE_TMPDIR": str(settings.data),
        "PYTHONUTF8": "1",  # whatever the locale, files of ours are read as what they are
    }


def broker(platform: Platform, settings: Settings, inherited: Environment) -> Program:
    """The broker, told where the functions listen."""
    services = [
        part
        for name, port in ports(platform, settings).items()
        for part in ("--service", f"{name}=http://{HOST}:{port}")
    ]
    files = ("--manifests", str(settings.manifests), "--data", str(settings.data / "broker.db"))
    listening = ("--port", str(settings.broker_port))
    return Program(
        name="broker",
        command=(*PYTHON, "-m", "broker.serve", *files, *listening, *services),
        environment=_base(settings, inherited),
        port=settings.broker_port,
        option="--broker-port",
        remedy="its data is in broker.db in the data folder; try another folder with --data",
    )


def ingress(platform: Platform, settings: Settings, inherited: Environment) -> Program:
    """nginx, configured and started by the script that starts it in a cluster too."""
    at = ports(platform, settings)
    state = settings.data / INGRESS_FOLDER
    return Program(
        name="ingress",
        command=("/bin/sh", str(settings.root / "web" / "nginx" / "start.sh")),
        environment={
            **chosen(inherited, (*MACHINE, *INGRESS)),
            **{name.upper(): f"{HOST}:{at[name]}" for name in ("posts", "comments", "query")},
            "HOST": HOST,
            "ALSO": f"[{HOST_IPV6}]" if has_ipv6() else "",
            "PORT": str(settings.port),
            "TRUSTED_PROXIES": "",  # whoever connects is the client
            "WRITE_LIMIT": "off",
            "RESOLVER": "none",
            "STALE": "0",  # nothing sleeps here, so every reader can have what is true now
            "READ_TIMEOUT": READ_TIMEOUT,
            "STATE": str(state),
            "STATIC": PAGE,
            "NGINX_BINARY": str(nginx.find_nginx()),
        },
        port=settings.port,
        option="--port",
        remedy=f"its configuration is in {state}",
        probe="/",
        stop_signal=SIGQUIT,  # nginx's own: end when the requests in flight are answered
    )
