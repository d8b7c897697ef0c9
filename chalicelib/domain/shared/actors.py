"""Actors of entries, consents and rules that are no access key."""

BY_CLIENT = "client"

BY_SYSTEM = "system"
"""The actor of what happens by itself: points expire, holds run out, gifts fall due, a network begins."""
