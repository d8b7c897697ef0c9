"""The salon's rules as pure functions and plain values: no I/O, no clock, no randomness, no third party."""
