"""A session as Python: one script that repeats all of it (`experiment`), or a script for each side (`two_scripts`).

peer_source.py is copied into what is written, so it imports the standard library alone. May import journal and model.
What comes from the session goes into a script as a literal, or through `safe` in a comment.
"""
