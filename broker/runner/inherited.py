"""What a process inherits from whoever started it, made such as the blog can run with."""

import os
import resource
import signal

STANDARD_ERROR = 2
OPEN_FILES = 16_384  # as many as nginx asks for

# Those that end the blog. Whoever blocked them, as some supervisors do for themselves, forgot to
# let them go before the start.
_STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def settle_in() -> None:
    """Set umask, signals and limits for this process and for all that it starts."""
    _fill_standard_streams()
    os.umask(0o077)  # texts, tokens and reasons are on the disk: for this user only
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {*_STOPPING, signal.SIGCHLD})
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, the ends of programs would be lost
    _raise_open_files()


def _fill_standard_streams() -> None:
    """Where one is closed, the next file would get its number, and all that is said."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STANDARD_ERROR:
        pass
    os.close(descriptor)


def _raise_open_files() -> None:
    """Connections are open files, and some systems begin with 256."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def is_ignored(number: signal.Signals) -> bool:
    """Whether the caller wants that signal ignored: nohup does, and a shell for its background."""
    return signal.getsignal(number) is signal.SIG_IGN
