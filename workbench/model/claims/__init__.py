"""What the calls of a session prove: one function for each question, whoever asks it.

An annotation, a why?, a finding and the ladder must not answer one question in two ways, so each is answered here,
once, as a claim: a kind with its numbers, of which the words are made and which a test can hold against the kernel.

    what became of these bytes?        fate.fate(call, around)        one claim for each part of a send's bytes
    why did recv return b''?           ending.end(call, around)       the peer's FIN, a reset, an own shutdown …
    what did close or shutdown do?     ending.ended(call, around)     FIN, RST or nothing; and where TIME_WAIT is
    who else holds this socket?        holders.holders(call, around)  descriptors, forked processes, threads
    who listens there, who has it?     ports.listening(…), ports.holder(…)

*around* is what stands around the call: `journal.neighbours.events(journal, index)` finds it in the whole session, in a
time that does not depend on the session's size; `neighbours.claims(journal, index)` gives every claim on a call.
A claim that depends on what the journal can't know is not made: the answer is then empty, or says "unknown".
Imports call, words and lineage. To add a claim: a member of Kind, where it is made, and its case in tests/truth.
"""
