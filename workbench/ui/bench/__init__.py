"""The bench: a server and clients, set up in forms and driven with keys, beside the log.

A pane posts a wish (`wishes`), the screen carries it out (`carry_out`); no pane calls the engine. `keys` lists the
keys. May import everything in ui but the app.
"""
