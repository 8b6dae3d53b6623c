"""Sockets whose waits a person can cancel, and that behave as plain ones do otherwise.

A call on a BenchSocket passes through these classes, from the top (Python's method resolution order):

    BenchSocket       has a name and a number, under which its calls stand in the journal
    TracedSocket      the first of the probe's four: one class is made of it for each recorder
    CompleteSocket    records naming, options, accept, connect, close and the like
    TransferSocket    records the calls that move bytes
    RecordingSocket   gives the recorder what is known of a call
    WatchingSocket    finds out which datagrams were lost on their way to another socket of this bench
    QueuedSocket      looks into the receive queue, and what is looked at stays there
    WaitingSocket     accept, connect and the sends, cancellable
    ReceivingSocket   the six ways to receive, cancellable
    DeclaredSocket    the descriptor is non-blocking; the declared timeout says how long a call waits
    socket.socket

May import model and probe. `waker` is what cancels a wait.
"""
