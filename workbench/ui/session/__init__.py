"""The screen of a session: the log with its filter, why?, help, a stream as a conversation; and the bridge to its file.

May import ui/log and ui/kernel. The other screens are made from this one.
"""
