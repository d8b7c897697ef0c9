"""What providers tell of messages, and what clients write back: one module a source, all of them pure."""
