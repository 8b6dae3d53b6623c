"""The list of experiments, and the screen of one: question, script, log and answer.

May import ui/session and ui/trace.
"""
