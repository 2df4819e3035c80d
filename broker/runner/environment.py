"""Which variables of the caller's environment reach which program: those that it needs, no others.

What is a secret of one function is then in the memory of no other program, and nothing that a
caller happens to have set can change what the blog does.
"""

from collections.abc import Collection, Mapping

Environment = Mapping[str, str]
Names = Collection[str]

# To find programs and libraries, a home, a place for temporary files, the time and the language.
MACHINE = (
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "TZDIR", "LANG", "LANGUAGE"),
    *("LC_*", "LD_*", "DYLD_*"),
)
# Where a function's connections to other machines find the certificates that they trust.
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "NIX_SSL_CERT_FILE")
# Only what changes no behaviour: -O would take out assertions, -W error end a program, and modules
# of another project would hide the blog's own.
INTERPRETER = (
    *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONHASHSEED", "PYTHONMALLOC"),
    *("PYTHONFAULTHANDLER", "PYTHONDEVMODE", "PYTHONTRACEMALLOC"),
)
# Read by every server of ours: which hosts it answers to, and where it tells what it does.
SERVERS = ("ALLOWED_HOSTS", "SITE_URL", "OTEL_*")
INGRESS = ("ALLOWED_HOSTS", "SITE_*")

# Named in manifests, but said by the runner or by the manifests themselves.
DECIDED = {"DATABASE_URL", "DEBUG", "FEEDS", "HOST", "PORT", "SUBSCRIBERS"}
DECIDED_PREFIXES = ("FUNCTION_", "K_")


def chosen(environment: Environment, names: Names) -> dict[str, str]:
    """The variables with these names; `OTEL_*` stands for all that begin with `OTEL_`."""
    beginnings = tuple(name.removesuffix("*") for name in names if name.endswith("*"))
    return {
        name: value
        for name, value in environment.items()
        if name in names or name.startswith(beginnings)
    }


def settable(names: Names) -> set[str]:
    """Those of the variables in a manifest that whoever starts the blog may set."""
    return {name for name in names if name not in DECIDED and not name.startswith(DECIDED_PREFIXES)}
