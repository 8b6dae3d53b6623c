"""Text for a terminal: made safe, cut and wrapped to fit, and bytes as a hex dump. The lowest floor of the model.

May import nothing of the bench. Whatever comes from outside goes through `safe.safe` before it is shown.
"""
