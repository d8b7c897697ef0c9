"""The demo: a network of three salons with a year behind it, on the local cloud (`make demo`)."""
