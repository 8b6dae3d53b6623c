"""The session file, read: indexed, followed while it grows, and every call at hand by its number."""
