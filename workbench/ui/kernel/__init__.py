"""What lies in the kernel for the selected endpoint: its queue byte by byte, gauges, and how they changed.

May import ui/parts, and from engine only the values in state.py: nothing here asks the kernel itself.
"""
