"""What a call is, where bytes went and what can be said of it: values and pure functions.

Nothing here opens a file or a socket, asks a clock or keeps a thread, so every rule can be tested with calls written
by hand. From the top: findings and ladder; session and why; claims; lens, lineage and words; call; text. A folder may
import those below it, and from probe only the numbers and layouts of the record.
"""
