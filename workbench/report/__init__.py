"""A session for others: as text, JSON lines, a web page, a capture for Wireshark, a ladder, Python scripts.

May import the journal and what stands below it. To add an export: a module with the function that writes it and its
`EXPORT`, then its line in exports.py; the command line takes it from there, and a test fails if it is missing.
"""
