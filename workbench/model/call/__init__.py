"""One socket call as it was recorded: its arguments and result, addresses, options, payloads and settings.

May import model/text, and from probe the layout of the record. A new field of a call starts in probe/format.py, gets
its place in `call.Call`, and is read in journal/reader.py.
"""
