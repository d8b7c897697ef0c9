"""The languages that clients are written to in."""

LANGUAGES = ("ru", "ro", "en")
"""Codes of ISO 639-1. There is a gettext catalogue for each language."""
