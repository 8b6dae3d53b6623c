"""A session as a ladder for others: as text, as one SVG file, as Mermaid. What is drawn comes from model.ladder.

May import journal and model. To add a drawing, write a module here that takes rungs, and register it as an export.
"""
