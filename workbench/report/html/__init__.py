"""A session as one web page that needs no network: page.py writes it, page.css and page.js go into it.

May import the other forms of report. Everything that comes from the session goes through `html.escape`, and the page
forbids all scripts but its own.
"""
