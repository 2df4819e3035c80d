"""Images built and run for real: changes with the programs that do so.

No registry is asked: the base images are made here, of Debian and of what this machine has.
"""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broker.runner.nginx import find_nginx

PROJECT = Path(__file__).parents[2]
_PARTS = ("requirements", "eventing", "functions", "web", "knative/images.sh")
NEEDED = ("buildah", "podman", "runc", "mmdebstrap", "node", "npm")
REGISTRY = "localhost/sleeping-blog-test"
PYTHON, NODE, NGINX = (f"{REGISTRY}/base-{name}:bookworm" for name in ("python", "node", "nginx"))
CERTIFICATES = Path(ssl.get_default_verify_paths().openssl_cafile)
# A machine may not allow more than it allows itself.
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
AS_IN_A_CLUSTER = ("--read-only", "--tmpfs=/tmp:rw,mode=1777", "--cap-drop=all")
UNPRIVILEGED = ("--security-opt", "no-new-privileges", *AS_IN_A_CLUSTER)


def missing() -> str:
    """What keeps images from being built and run here; empty if nothing does."""
    programs = [name for name in NEEDED if shutil.which(name) is None]
    if programs:
        return f"images are neither built nor run: {', '.join(programs)} missing"
    return "" if os.geteuid() == 0 else "images are neither built nor run: that takes root"


def run(*command: str, **env: str) -> str:
    """What the command says; an error has it too."""
    ended = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, "BUILDAH_ISOLATION": "chroot", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}{ended.stderr}"
    return ended.stdout.strip()


def build(*names: str, tag: str = "test") -> None:
    """Build images as `make images` does, of files that only whoever checked them out may read."""
    with tempfile.TemporaryDirectory() as folder:
        _build(_private_copy(Path(folder)), tag, *names)


def _private_copy(folder: Path) -> Path:
    listed = run("git", "ls-files", "-z", "--", "Dockerfile", ".dockerignore", "LICENSE", *_PARTS)
    for name in filter(None, listed.split("\0")):
        target = folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / name, target)
        target.chmod(0o700 if name.endswith(".sh") else 0o600)
    return folder


def _build(project: Path, tag: str, *names: str) -> None:
    run(
        *("env", "-C", str(project), "knative/images.sh", REGISTRY, tag, *names),
        BUILDER="buildah",
        BUILD_OPTIONS="--network=host",
        SOURCE_DATE_EPOCH="1767225600",
        PYTHON_IMAGE=PYTHON,
        NODE_IMAGE=NODE,
        NGINX_IMAGE=NGINX,
    )


def make_bases() -> None:
    """Make the base images, unless an earlier run has."""
    if not _exists(PYTHON):
        with tempfile.TemporaryDirectory() as folder:
            debian = Path(folder) / "debian.tar"
            packages = "python3,python3-pip,ca-certificates,libstdc++6"
            run("mmdebstrap", "--variant=minbase", f"--include={packages}", "bookworm", str(debian))
            _commit(PYTHON, "scratch", {str(debian): "/", str(CERTIFICATES): _IN_DEBIAN})
    if not _exists(NODE):
        npm = str(Path(run("npm", "root", "--global")) / "npm")
        node = str(Path(str(shutil.which("node"))).resolve())
        _commit(NODE, PYTHON, {node: "/usr/bin/node", npm: "/usr/lib/npm"}, *_NODE)
    if not _exists(NGINX):
        _commit(NGINX, PYTHON, {str(find_nginx()): "/usr/sbin/nginx"})


_IN_DEBIAN = "/etc/ssl/certs/ca-certificates.crt"
_NODE = ("--env", f"NODE_EXTRA_CA_CERTS={_IN_DEBIAN}")


def _exists(image: str) -> bool:
    return bool(run("buildah", "images", "--quiet", "--filter", f"reference={image}"))


def _commit(image: str, base: str, files: dict[str, str], *config: str) -> None:
    container = run("buildah", "from", base)
    try:
        for here, there in files.items():
            run("buildah", "add", "--quiet", container, here, there)
        run("buildah", "run", container, "/bin/sh", "-c", _LINKS)
        if config:
            run("buildah", "config", *config, container)
        run("buildah", "commit", "--quiet", container, image)
    finally:
        run("buildah", "rm", container)


_LINKS = """
ln -sf python3 /usr/bin/python
[ ! -d /usr/lib/npm ] || ln -sf ../lib/npm/bin/npm-cli.js /usr/bin/npm
"""


class Container:
    """A container of an image, in the network of this machine."""

    def __init__(self, name: str, *options: str, **env: str) -> None:
        self.port = _free_port()
        told = {"PORT": str(self.port), "HOST": "127.0.0.1", **env}
        variables = [part for key, value in told.items() for part in ("--env", f"{key}={value}")]
        self._id = run(
            *(*PODMAN, "run", "--detach", "--network=host", *LIMITS, *options, *variables),
            f"{REGISTRY}/{name}:test",
        )

    def answers(self) -> bool:
        """Whether something listens."""
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def do(self, *command: str) -> str:
        """What a command inside says; AssertionError when it fails."""
        return run(*PODMAN, "exec", self._id, *command)

    def terminate(self) -> None:
        """Ask it to end, as the platform does."""
        signal = run(*PODMAN, "inspect", "--format={{.Config.StopSignal}}", self._id)
        run(*PODMAN, "kill", f"--signal={signal}", self._id)

    def end(self) -> int:
        """Wait for the end: its exit status."""
        return int(run(*PODMAN, "wait", self._id))

    def said(self) -> str:
        """All that it has said."""
        ended = subprocess.run([*PODMAN, "logs", self._id], capture_output=True, check=True)
        return (ended.stdout + ended.stderr).decode()

    def remove(self) -> None:
        """Leave nothing."""
        run(*PODMAN, "rm", "--force", "--time=0", self._id)


PODMAN = ("podman", "--runtime=runc")


@contextmanager
def running(name: str, *options: str, **env: str) -> Iterator[Container]:
    """A container for as long as the block lasts."""
    container = Container(name, *options, **env)
    try:
        yield container
    finally:
        container.remove()


def inside(name: str, *command: str, **env: str) -> str:
    """What a program says that is run in place of the image's own."""
    program, *arguments = command
    variables = [part for key, value in env.items() for part in ("--env", f"{key}={value}")]
    run_it = (*PODMAN, "run", "--rm", "--network=host", *LIMITS, *UNPRIVILEGED, *variables)
    return run(*run_it, f"--entrypoint={program}", f"{REGISTRY}/{name}:test", *arguments)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
