"""Event handlers, thin as the api: read the event, call one use case, say what failed."""
