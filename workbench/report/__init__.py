"""A session for others: as text, JSON lines, a web page, a capture for Wireshark, Python scripts."""
