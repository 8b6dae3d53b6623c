"""The inspector below the log: what there is to see of one call, or of the endpoint that is driven, a tab each.

May import what is below it: log, kernel, parts, and everything under ui. To add a tab: write a class that derives from
`tab.Tab` in a file of its own here, and name it in `registry.TABS`, a line that is the order on screen too. A Tab has a
TITLE and draws a Subject in `show`, which is called some times a second, but only while the tab is the one shown; so it
has to cost nothing where nothing changed. `scroll_tab.ScrollTab` has all that a tab of lines needs but the lines.
"""
