"""The salon's rules as pure functions and plain values (msgspec Structs): no I/O, no clock, no randomness."""
