"""Real sockets, threads and processes: what the bench drives, what it traces, what it replays.

From the top: tracing and replay; endpoints; kernel; sockets; state. A folder may import those below it, and journal,
model and probe. Every call that is made here goes through a recording socket, so that it stands in the session.
"""
