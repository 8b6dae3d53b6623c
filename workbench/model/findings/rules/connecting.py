"""Rules on listeners, connects and accepts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from workbench.model.call.address import show
from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.findings.finding import Finding
from workbench.model.findings.rule import Evidence, Rule
from workbench.model.findings.scene import Scene, place, reaches
from workbench.model.findings.sock import Moved, Run, Sock, brief
from workbench.model.text.fit import cut, duration_text
from workbench.model.words.about import address_of

_STORM, _PAUSE = 50, 0.05  # refusals in a row, seconds between two of them


class NotAccepted(Rule):
    """A client that waits for a server which never accepted it."""

    id = "not-accepted"
    severity = "error"
    on = ("recv failed", "accept")
    title = "a client waited in vain for a server that had not accepted its connection"
    remedy = (
        "Let the server accept while it serves others, with a thread for each connection or with selectors, "
        "and give its connections a timeout."
    )
    experiment = "before-accept"
    hides = ("both-wait", "no-timeout", "stale-connection", "closed-unread")
    text = """A connect succeeds as soon as the kernel has completed the connection and put it into the accept queue
(listen(2)); what the client sends lies there until the server accepts. A server that is busy with one connection, or
waits in a recv for a client that says nothing, lets all others wait without any error. Reported where the client's
recv had ended in vain before the server accepted it, if it ever did."""

    def take(self, call: Call, sock: Sock) -> None:
        """Remember a wait, with what the server was doing; an accept that came in time clears it."""
        if call.receives:
            wait = brief(call)
            waits = sock.role == "client" and sock.listener is not None and wait.in_vain and wait.seconds >= 0.05
            if waits and not sock.received and self.id not in sock.facts and self.scene.peer(sock) is None:
                sock.facts[self.id] = wait
            return
        client = self.scene.client_of(call)
        late: Moved | None = client.facts.get(self.id) if client is not None else None
        if client is not None and late is not None and call.time + (call.duration or 0.0) > late.end:
            self.found.append(self._finding(client, late, call))
            client.facts[self.id] = None

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report one who was never accepted."""
        wait = sock.facts.get(self.id)
        if wait is not None and self.scene.peer(sock) is None:
            yield self._finding(sock, wait, None)

    def _finding(self, sock: Sock, wait: Moved, accept: Call | None) -> Finding:
        listener = sock.listener
        assert listener is not None
        waited = "until the program ended" if wait.failure == "unfinished" else f"for {duration_text(wait.seconds)}"
        moment = min(wait.end, self.scene.now)
        doing = self.scene.doing(listener.pid, moment, wait.thread)
        message = f"{sock.label} waited in {wait.call} {waited}, and {listener.label} had not accepted it"
        if accept is not None:
            late = accept.time + (accept.duration or 0.0) - wait.end
            message += f" (#{accept.seq} did, {duration_text(late)} later)"
        if doing is not None and doing[0].call != "accept":
            message += f": it was waiting in #{doing[0].seq} {doing[0].call} for {doing[1].label}"
        elif accept is None:
            message += ", nor ever did"
        proof: list[Evidence] = [wait]
        proof += [each for each in (doing[0] if doing is not None else None, accept) if each is not None]
        others = (listener, doing[1] if doing is not None else None)
        return self.finding(message, *proof, sock=sock, others=others)


class AcceptQueueFull(Rule):
    """A connect to a listener whose accept queue is full."""

    id = "accept-queue-full"
    severity = "error"
    on = ("connect failed", "connect_ex")
    title = "a connect failed because the listener's accept queue was full"
    remedy = "Let the server accept faster, in a thread of its own, or give listen a larger backlog."
    experiment = "accept-queue"
    hides = ("not-accepted",)
    text = """listen(n) lets n + 1 connections wait for accept. The SYN of the next one is dropped, not refused: its
connect waits and repeats it until its timeout (listen(2), tcp(7)). A UNIX socket with a timeout gets EAGAIN at
once."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look for a connect that timed out at a listener that was there."""
        address = address_of(call)
        listener = self.scene.listener_at(address, call.time)
        failure = brief(call).failure
        full = failure in ("TimeoutError", "timeout", "ETIMEDOUT") or (failure == "EAGAIN" and isinstance(address, str))
        if listener is None or not full or not self._still_there(listener, call):
            return
        message = (
            f"connect to {_named(address)} {'failed at once' if failure == 'EAGAIN' else _within(call)}: "
            f"{listener.label} listens there with a backlog of {listener.backlog}, and its queue was full"
        )
        doing = self.scene.doing(listener.pid, call.time, (call.pid, call.thread))
        self.report(message, call, *([doing[0]] if doing else []), sock=sock, others=(listener,))

    @staticmethod
    def _still_there(listener: Sock, call: Call) -> bool:
        return listener.gone > call.time + (call.duration or 0.0)


class SlowConnect(Rule):
    """A connect whose SYN had to be repeated."""

    id = "slow-connect"
    severity = "warning"
    on = ("connect",)
    title = "a connect to this machine took a second or more: its SYN was dropped, as the accept queue was full"
    remedy = "Give listen a larger backlog, and let the server accept in a thread of its own."
    experiment = "accept-queue"
    text = """On one machine a connect takes less than a millisecond. One that took a second or more had its SYN
dropped because the accept queue was full, and succeeded when it was repeated (tcp(7), tcp_syn_retries)."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look at how long a connect to a listener of the session took, and whether its SYN was repeated."""
        listener = self.scene.listener_at(address_of(call), call.time)
        if listener is None or not call.duration or call.duration < 0.9 or not call.retries:
            return
        again = "once more" if call.retries == 1 else f"{call.retries} times more"
        message = (
            f"connect took {duration_text(call.duration)}: {listener.label} got its SYN {again}, as it had no room"
        )
        self.report(message, call, sock=sock, others=(listener,))


class OtherFamily(Rule):
    """A connect over IPv6 to a server that listens on IPv4, or the other way round."""

    id = "other-family"
    severity = "error"
    on = ("connect failed", "connect_ex", "getsockopt", "connect")
    title = "a connect was refused on one of 127.0.0.1 and ::1, while the server listens on the other"
    remedy = (
        "Use the same address on both sides, try all addresses of a name (socket.create_connection does), or let the "
        "server listen on both: socket.create_server(('', port), family=AF_INET6, dualstack_ipv6=True)."
    )
    experiment = "families"
    text = """localhost has two addresses, ::1 and 127.0.0.1, and a listener on one of them does not hear the other.
Which one a program tries first depends on the system and the library. A note where the program then connected to the
other one."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._refused: deque[Sock] = deque(maxlen=16)

    def take(self, call: Call, sock: Sock) -> None:
        """Look for a refusal, and for a connect that made up for it."""
        if call.call == "connect" and call.error is None:
            for other in [each for each in self._refused if each.pid == call.pid]:
                refusal, _ = other.facts[self.id]
                if place(address_of(call)) == place(refusal[1]):
                    other.facts[self.id] = refusal, True
            return
        refused, address = _refusal(call, sock)
        if refused and isinstance(address, list) and address and (twin := _OTHER.get(str(address[0]))):
            listener = self.scene.listener_at([twin, *address[1:2]], call.time)
            if listener is not None and not reaches(address, listener.local):
                sock.facts[self.id] = (brief(call), address, listener), False
                self._refused.append(sock)

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report a refusal."""
        known = sock.facts.get(self.id)
        if known is not None:
            (refusal, address, listener), made_up = known
            message = f"connect to {_named(address)} was refused: {listener.label} listens on {_named(listener.local)}"
            yield self.finding(message, refusal, sock=sock, others=(listener,), severity="note" if made_up else None)


class ConnectStorm(Rule):
    """A program that tries to connect again and again without a pause."""

    id = "connect-storm"
    severity = "warning"
    on = ("connect failed", "connect_ex", "connect")
    title = "a refused connect was tried again and again without a pause"
    remedy = "Wait between two tries, longer each time, and give up after some."
    text = """A loop that connects again as soon as it is refused uses a whole core, and makes the server's restart
harder. Reported from 50 in a row with less than 50 ms between them."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._runs: dict[tuple[int, str], tuple[Run, Sock, PlainAddress | None]] = {}

    def take(self, call: Call, sock: Sock) -> None:
        """Count refusals in a row."""
        address = address_of(call)
        key = call.pid, str(address)
        run = self._runs.get(key, (None,))[0]
        if run is not None and run.times >= _STORM and not run.goes_on(call, _PAUSE):
            return  # what was one stays to be told
        if not _refusal(call, sock)[0]:
            self._runs.pop(key, None)
        elif run is not None and run.goes_on(call, _PAUSE):
            run.add(call)
        else:
            self._runs[key] = Run(call), sock, address

    def end(self) -> Iterator[Finding]:
        """Report the long runs."""
        for run, sock, address in self._runs.values():
            if run.times >= _STORM:
                took = duration_text(run.seconds)
                yield self.finding(
                    f"{run.times} connects to {_named(address)} were refused in {took}", run.first, sock=sock
                )


class PortsExhausted(Rule):
    """A connect for which no local port is free."""

    id = "ports-exhausted"
    severity = "error"
    on = ("connect failed", "connect_ex")
    title = "no local port was left for a connect"
    remedy = "Keep connections open and use them again; each that is closed keeps its port for a minute (TIME_WAIT)."
    experiment = "time-wait"
    text = """Each connection to one address needs a local port of its own, and the side that closes first keeps it
for 60 seconds in TIME_WAIT (ip(7), ip_local_port_range). A program that opens a connection for each request runs
out."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look for EADDRNOTAVAIL."""
        if brief(call).failure == "EADDRNOTAVAIL":
            made = sum(each.role == "client" for each in self.scene)
            if made >= 100:
                self.report(f"connect to {_named(address_of(call))} found no free local port", call, sock=sock)


class TwoListeners(Rule):
    """Two programs that listen at one address."""

    id = "two-listeners"
    severity = "warning"
    on = ("listen",)
    title = "two programs listened at one address, and the kernel gives each connection to one of them"
    remedy = "End the old program before the new one starts, or leave out SO_REUSEPORT, so that bind tells."
    text = """With SO_REUSEPORT several sockets may listen at one address, and the kernel spreads the connections
among them (socket(7)). That is meant for the workers of one server, which are not reported; an old process that was
forgotten gets its part too."""

    def take(self, call: Call, sock: Sock) -> None:
        """Compare with who listens there already."""
        local = call.local if call.local is not None else sock.local
        for other in self.scene.listeners.get(place(local), ()):
            program, others = self.scene.program(sock.pid), self.scene.program(other.pid)
            apart = sock.pid != other.pid and program != others and not _works(program) and not _works(others)
            if other is not sock and other.gone > call.time and other.local == local and apart:
                message = f"{_named(local)} has two listeners: process {other.pid} ({cut(others)}) and {sock.pid} "
                self.report(f"{message}({cut(program)})", call, sock=sock, others=(other,))
                return


class OptionTooLate(Rule):
    """An option that bind would have needed."""

    id = "option-too-late"
    severity = "error"
    on = ("setsockopt",)
    title = "SO_REUSEADDR or SO_REUSEPORT was set after bind, which looks at it"
    remedy = "Set the option before bind."
    experiment = "time-wait"
    text = """bind decides by the options that the socket has then whether its address is free (socket(7)): set
afterwards they do not help it."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look for a bind before."""
        option = call.args[1] if len(call.args) > 2 else ""
        if option in ("SO_REUSEADDR", "SO_REUSEPORT") and call.args[2] and option not in sock.options and sock.bound:
            message = f"{option} was set after bind (#{sock.bound.seq}), which looks at it"
            self.report(message, call, sock.bound, sock=sock)


class NoReuseAddress(Rule):
    """A server that cannot be started again at once."""

    id = "no-reuseaddr"
    severity = "note"
    on = ("listen",)
    title = "a listener on a fixed port without SO_REUSEADDR cannot be started again at once"
    remedy = "Set SO_REUSEADDR before bind, or use socket.create_server, which does."
    experiment = "time-wait"
    text = """When a server ends while it has connections, these stay in TIME_WAIT for a minute, and bind fails with
EADDRINUSE unless both the old and the new socket have SO_REUSEADDR (socket(7))."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look at how the listener was bound."""
        bound = sock.bound
        fixed = bound is not None and isinstance(address_of(bound), list) and place(address_of(bound)) not in ("", "0")
        set_up = {"SO_REUSEADDR", "SO_REUSEPORT"} & set(sock.options)
        if bound is not None and fixed and sock.role != "listener" and not set_up:
            self.report(f"{_named(bound.local)} was bound without SO_REUSEADDR", bound, call, sock=sock)


_OTHER = {"::1": "127.0.0.1", "127.0.0.1": "::1", "localhost": "::1"}


def _refusal(call: Call, sock: Sock) -> tuple[bool, PlainAddress | None]:
    """Tell whether a call says that a connect was refused, and give the address."""
    if call.call == "getsockopt":
        return call.args[1:2] == ["SO_ERROR"] and call.result == 111, sock.peer_address
    return brief(call).failure == "ECONNREFUSED" or call.result == 111, address_of(call)


def _named(address: PlainAddress | None) -> str:
    return cut(show(address)) if isinstance(address, list | str) else "there"


def _within(call: Call) -> str:
    return "timed out" if call.duration is None else f"timed out after {duration_text(call.duration)}"


def _works(program: str) -> bool:
    """Whether a command line is that of a worker which multiprocessing started."""
    return "multiprocessing" in program or not program
