"""A session for others to read: as text, as JSON lines."""
