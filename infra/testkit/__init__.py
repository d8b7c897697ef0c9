"""Builders and drivers that tests, the bench and the demo share. Nothing of it is deployed."""
