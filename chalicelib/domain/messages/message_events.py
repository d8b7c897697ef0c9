"""What can be wrong with an event of a channel. Neither is ever delivered again: it would not get better."""


class Forged(Exception):
    """Not published on our topic, or not as it was published. code: stable, for logs."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotUnderstood(Exception):
    """An event that tells us nothing. code: stable, for logs; the message never holds what a client wrote."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
