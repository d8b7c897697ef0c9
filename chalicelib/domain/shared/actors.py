"""Who did something where no access key did it. The actors of entries, consents and rules."""

BY_CLIENT = "client"

BY_SYSTEM = "system"
"""The actor where nobody acts: points expire, holds run out, gifts fall due, a network begins."""
