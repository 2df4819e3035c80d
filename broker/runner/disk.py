"""How much room is left for the data folder."""

import os
from pathlib import Path

from eventing.condition import Finding, Trouble

GIB = 2**30
ROOM = GIB  # bytes free below which a disk counts as nearly full; of a small disk, a tenth
FILES = 1_000  # files that can still be made


def check_disk(folder: Path) -> Finding:
    """`{"free": bytes, "size": bytes}` of the disk with the folder, which must exist."""
    return judge(os.statvfs(folder), folder)


def judge(disk: os.statvfs_result, folder: Path) -> Finding:
    """What to say of a disk that has so much room."""
    free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    facts = {"free": free, "size": size}
    if free < min(ROOM, size // 10):
        left = f"{free // 2**20} MiB of {size / GIB:.1f} GiB are free"
    elif disk.f_files and disk.f_favail < FILES:
        left = f"only {disk.f_favail} more files can be made"
    else:
        return Finding(facts)
    detail = f"{left}: make room there, as a full disk refuses every post and comment"
    return Finding(facts, [Trouble("disk-nearly-full", str(folder), detail)])
