"""Which send each received byte came from, and which recv took each byte that was sent.

`lineage` is what the others ask; `flow` keeps the positions of a stream, `pairing` finds the two ends of a connection,
`datagrams`, `mailbox` and `matching` follow messages, `unseen` notices bytes that no recorded call moved. May import
model/call and probe. What it can't know it answers with None, never with a guess.
"""
