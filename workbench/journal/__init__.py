"""The session file, read: indexed, followed while it grows, and every call at hand by its number.

`reader` is the journal itself; `scan` finds records in damaged files, `pages` shows calls under way, `order` puts calls
by cause, `find` searches, `neighbours` finds what stands around a call, `files` knows where sessions are kept.
May import model and probe; never writes a record but through probe/recorder.py.
"""
