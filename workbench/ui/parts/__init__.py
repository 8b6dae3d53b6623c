"""Small widgets that know nothing of sockets: fields, buttons, lists, dialogs, the bar of keys.

May import model/text and ui/terminal. A widget belongs here once two screens use it.
"""
