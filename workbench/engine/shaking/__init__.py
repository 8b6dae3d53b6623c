"""Running a program again and again, its calls made to do what they legally may, to find what does not bear it.

May import the rest of engine, and journal, model and probe.
"""
