"""Questions about sockets, each a script in scripts/ that anybody may run without us.

`catalog` reads the block that heads a script (question, choices, answer, what shows it), `parameters` its values,
`runner` runs it under trace, `progress` keeps what a person has answered. May import engine and below. To add an
experiment, put a file into scripts/: the list, the command line and the tests find it by its block.
"""
