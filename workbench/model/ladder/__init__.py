"""The ladder: the calls of both sides along their lifelines, and between them what lies in the kernel.

Pure: calls in, values out. `rungs` says what stands on the ladder and when; `story` follows the calls in the order of
cause and says of each rung what moved, who waits and what is under way; `lifelines` says who has a column; `strip`
draws a rung as a line of text. The SVG and the Mermaid drawing in report/ are made from the same rungs, and so is the
screen's. May import the rest of the model, but no journal: `journal.ladder` keeps the rungs of a session in order.

To draw another kind of event, give it an `Arrow.Kind` in rungs.py, let story.py say when it happens, and give it its
line and head in each drawing's table: a test finds a kind that a drawing leaves out.
"""
