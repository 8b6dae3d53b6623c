"""A call in words: as Python writes it (`as_python`), in a sentence where it failed (`error_sentence`).

May import model/call and model/text. A new errno gets its sentence in `error_sentence`; a constant that is shown by
name comes from model/call/constants.py.
"""
