"""Rules on sockets that several processes have."""

from __future__ import annotations

from workbench.model.call.call import Call
from workbench.model.findings.rule import Rule
from workbench.model.findings.sock import Moved, Sock, brief


class SharedByFork(Rule):
    """One end of a connection that two processes use."""

    id = "shared-by-fork"
    severity = "error"
    on = ("recv", "send")
    title = "two processes used one end of a connection in turns"
    remedy = "Let one process use a connection: open a new one in the child, and close the inherited one there."
    hides = ("short-recv", "glued-messages", "both-wait", "no-timeout")
    text = """After fork both processes have the same connection (fork(2)). Each byte goes to whoever receives first,
and what they send mixes: answers reach the wrong one. Typical are connections of a database client made before the
workers were started. Reported where the recvs, or the sends, of one stream went from one process to another and back;
listeners that several workers accept from, and connections handed over for good, are not."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look for A, B, A."""
        if not sock.stream or call.datagram or not call.data or sock.facts.get(self.id):
            return
        key = "sends" if call.sends else "recvs"
        turns: list[Moved] = sock.facts.setdefault(f"{self.id} {key}", [])
        if turns and turns[-1].thread[0] == call.pid:
            return
        turns.append(brief(call))
        if len(turns) == 3:
            one, two, three = turns
            message = (
                f"process {one.thread[0]} and process {two.thread[0]} took turns: #{one.seq}, #{two.seq} and "
                f"#{three.seq} are {key[:-1]}s of one end of a connection"
            )
            self.report(message, two, one, three, sock=sock, others=(self.scene.peer(sock),))
            sock.facts[self.id] = True


class ShutdownInChild(Rule):
    """A shutdown that ends a connection for the other process too."""

    id = "shutdown-in-child"
    severity = "error"
    on = ("send failed",)
    title = "one process shut a connection down that another one still used"
    remedy = "Only close the inherited socket in the process that does not use it: shutdown ends it for all."
    hides = ("stale-connection",)
    text = """close gives back one process's descriptor; shutdown ends the connection itself, for everybody who has it
(shutdown(2)). A child that shuts down what it inherited takes it from its parent, whose next send raises EPIPE."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look for EPIPE in another process than the one that shut down."""
        shut = sock.shut
        if shut is not None and shut.pid != call.pid and brief(call).failure == "EPIPE" and shut.args != ["SHUT_RD"]:
            message = f"process {shut.pid} shut the connection down (#{shut.seq}), and process {call.pid} got EPIPE"
            self.report(message, shut, call, sock=sock, others=(self.scene.peer(sock),))
