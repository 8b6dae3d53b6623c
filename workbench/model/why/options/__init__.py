"""What each socket option does: one true sentence for its value, and where it is written.

A module for each level, with a table by name; `SENTENCES` puts them together by (level, name). To add an option, add
its entry there; a test holds the tables against the constants of the socket module. May import
what model/why may.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.model.why.options.internet import IP, IPV6, UDP
from workbench.model.why.options.sentence import Sentence
from workbench.model.why.options.sockets import SOCKET
from workbench.model.why.options.tcp import TCP

LEVELS: Mapping[str, Mapping[str, Sentence]] = {
    "SOL_SOCKET": SOCKET,
    "IPPROTO_TCP": TCP,
    "IPPROTO_IP": IP,
    "IPPROTO_IPV6": IPV6,
    "IPPROTO_UDP": UDP,
    "IPPROTO_UDPLITE": UDP,
}


def sentence_of(level: str, name: str) -> Sentence | None:
    """Return the entry of an option, None where there is none."""
    return LEVELS.get(level, {}).get(name)
