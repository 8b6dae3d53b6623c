"""A capture as tshark reads it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CHECKING = ("tcp.check_checksum", "ip.check_checksum", "udp.check_checksum")
_FIELDS = (
    *("frame.number", "frame.time_epoch", "frame.len", "frame.cap_len", "frame.comment", "ip.src", "ipv6.src"),
    *(
        "tcp.stream",
        "tcp.srcport",
        "tcp.dstport",
        "tcp.flags.str",
        "tcp.len",
        "tcp.payload",
        "udp.srcport",
        "udp.dstport",
    ),
    *("udp.length", "udp.payload", "tcp.analysis.flags", "_ws.expert.message", "_ws.expert.severity", "_ws.malformed"),
    *("ip.checksum.status", "tcp.checksum.status", "udp.checksum.status"),
)
_WARNING = 0x600000
_FOLLOWED = re.compile(r"Filter: tcp.stream eq (\d+)\n.*\n.*\n((?:\t?[0-9a-f]+\n)*)")


@dataclass(frozen=True)
class Seen:
    """What tshark says: a dict of _FIELDS for each frame, and for each TCP stream what either side sent."""

    frames: list[dict[str, str]]
    streams: list[tuple[bytes, bytes]]

    def column(self, name: str) -> list[str]:
        """Return one field of all frames that have it."""
        return [frame[name] for frame in self.frames if frame[name]]

    def flags(self) -> list[str]:
        """Return each frame's TCP flags as letters, such as "SA"."""
        return [flags.replace("·", "") for flags in self.column("tcp.flags.str")]

    def alarms(self) -> list[str]:
        """Return what Wireshark marks in red or yellow, but for a RST, which is a fact of the session."""
        return [
            f"{frame['frame.number']}: {frame['_ws.expert.message']}"
            for frame in self.frames
            if frame["tcp.analysis.flags"]
            or frame["_ws.malformed"]
            or any(frame[f"{protocol}.checksum.status"] == "0" for protocol in ("ip", "tcp", "udp"))
            or (
                any(int(level) >= _WARNING for level in frame["_ws.expert.severity"].split(",") if level.isdigit())
                and "R" not in frame["tcp.flags.str"]
            )
        ]


def seen(file: Path, streams: int = 1) -> Seen:
    """Run tshark once; it must not complain. *streams*: how many TCP streams to follow."""
    wanted = [word for name in _FIELDS for word in ("-e", name)]
    checking = [word for name in _CHECKING for word in ("-o", f"{name}:TRUE")]
    follow = [word for number in range(streams) for word in ("-z", f"follow,tcp,raw,{number}")]
    command = ["tshark", "-n", "-r", str(file), *checking, "-T", "fields", *wanted, *follow]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if not line.startswith("Running as user")]
    assert (done.returncode, complaints) == (0, [])
    packets, _, followed = done.stdout.partition("\n===")
    rows = [dict(zip(_FIELDS, line.split("\t"), strict=True)) for line in packets.splitlines() if "\t" in line]
    found = {int(number): text for number, text in _FOLLOWED.findall(followed)}
    return Seen(rows, [_sides(found.get(number, "")) for number in range(streams)])


def _sides(text: str) -> tuple[bytes, bytes]:
    lines = text.splitlines()
    client = b"".join(bytes.fromhex(line) for line in lines if not line.startswith("\t"))
    return client, b"".join(bytes.fromhex(line) for line in lines if line.startswith("\t"))
