"""The ladder on screen: lifelines, arrows and what lies between them, drawn line by line from model.ladder.

May import parts/ and what is below the user interface.
"""
