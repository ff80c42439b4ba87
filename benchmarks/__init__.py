"""How long the harness takes, measured on the real thing: `make bench`."""
