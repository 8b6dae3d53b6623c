"""The log: calls with their bytes, drawn line by line as they are looked at.

`rows` knows which call a line belongs to, `lines` writes a line, `canvas` scrolls and caches them, `view` adds the
keys. A new key is a line in `keys`. May import ui/parts and everything below ui.
"""
