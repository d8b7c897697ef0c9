"""What speed and cost are measured with: `python -m bench`. Needs no AWS: everything runs on loopback."""
