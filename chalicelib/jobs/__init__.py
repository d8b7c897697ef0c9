"""Event handlers, as thin as the API."""
