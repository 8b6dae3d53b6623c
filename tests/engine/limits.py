"""A process that has no descriptors left."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def descriptors_left(count: int) -> Iterator[None]:
    """Leave this process *count* descriptors within the block."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(fd) for fd in os.listdir("/proc/self/fd"))
    spare: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + count + 1, limits[1]))
    try:
        while True:
            try:
                spare.append(os.dup(0))
            except OSError:
                break
        for fd in spare[len(spare) - count :]:
            os.close(fd)
            spare.remove(fd)
        yield
    finally:
        for fd in spare:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
