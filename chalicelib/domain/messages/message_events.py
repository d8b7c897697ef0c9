"""The faults of a channel's event. Such an event is dropped, since a second delivery would not help."""


class Forged(Exception):
    """The event was not published on our topic, or was changed after that. code: stable, for logs."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotUnderstood(Exception):
    """The event cannot be read. code: stable, for logs; the message never holds what a client wrote."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
