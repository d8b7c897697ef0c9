"""Event handlers. Each is thin: it reads the event, calls one use case, and reports what failed."""
