"""Perennial: keeps the clients of beauty salons for life."""
