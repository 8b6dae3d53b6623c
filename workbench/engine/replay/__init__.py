"""A recorded client again, against a live server, and what differed.

`recorded_client` reads what a client did from a journal, `replay` does it. May import engine/endpoints and below.
"""
