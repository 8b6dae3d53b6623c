"""What a server answers. May import only what stands below the endpoints: a responder is given bytes, not a socket.

To add one: a file here that defines its Kind (responder.py), and its name in the list in registry.py. The command
line, its help and the form's list take it from there; a test fails if it is missing in the list.
"""
