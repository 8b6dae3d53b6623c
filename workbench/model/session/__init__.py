"""A session as a whole: its sockets and what became of them, which calls a filter selects, two sessions compared.

May import everything in model but why, findings and ladder. A new condition for `show` and the log's filter is a field
of `query.Query`.
"""
