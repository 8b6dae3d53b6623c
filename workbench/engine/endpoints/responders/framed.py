"""A responder that is asked once a frame, however the stream was cut into recvs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workbench.engine.endpoints.responders.responder import NewResponder, Responder
from workbench.model.lens.lens import Lens
from workbench.model.lens.parser import Frame

if TYPE_CHECKING:
    from workbench.engine.endpoints.conversation import Conversation


class Requests:
    """Cuts what comes into the requests that a lens sees in it; without a lens each recv is one."""

    def __init__(self, lens: str = "") -> None:
        """Raises UnknownLens."""
        self._lens = Lens(lens) if lens else None
        self._held = b""
        self._offset = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the requests that end with *data*; what makes no frame is a request of its own."""
        if self._lens is None:
            yield data
            return
        self._held += data
        for found in self._lens.feed(data):
            yield self._taken(found.start, found.stop)
        if self._lens.lost and self._held:
            yield self._taken(self._offset, self._offset + len(self._held))

    def end(self) -> Iterator[bytes]:
        """Yield the frame that ends with the stream, if there is one."""
        if self._lens is not None:
            for found in self._lens.end():
                if isinstance(found, Frame):
                    yield self._taken(found.start, found.stop)

    def _taken(self, start: int, stop: int) -> bytes:
        request = self._held[start - self._offset : stop - self._offset]
        self._held, self._offset = self._held[stop - self._offset :], stop
        return request


class Framed:
    """Asks another responder for each frame, and sends each reply with a call of its own."""

    def __init__(self, inner: Responder, lens: str) -> None:
        self._inner, self._lens = inner, lens

    def answer(self, data: bytes) -> bytes | None:
        """Answer a recv that was made by hand, or a datagram, which is a request as it is."""
        return self._inner.answer(data)

    def silence(self) -> bytes | None:
        """Say what the other says."""
        return self._inner.silence()

    def converse(self, conn: Conversation) -> None:
        """Answer frame by frame until the end."""
        requests = Requests(self._lens)
        for data in conn:
            self._reply(conn, requests.feed(data))
        self._reply(conn, requests.end())

    def _reply(self, conn: Conversation, requests: Iterator[bytes]) -> None:
        for request in requests:
            reply = self._inner.answer(request)
            if reply is not None:
                conn.send(reply)


def framed(new: NewResponder, lens: str) -> NewResponder:
    """Let each request be one frame of *lens*; one that speaks by itself stays as it is. Raises UnknownLens."""
    Lens(lens)
    return new if hasattr(new(), "converse") else lambda: Framed(new(), lens)
