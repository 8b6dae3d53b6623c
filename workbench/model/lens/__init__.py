"""Ways to cut one direction of a stream into frames. May import model/text and model/call.

To add a lens: a file here with its parser (parser.py), the naive program that takes one recv for one message of it
(naive.py), and the Format that names both; then its line in registry.py. The command line, help and the screens take
it from there; a test fails if it is missing in the list.
"""
