"""The emulated AWS: one process, with LocalStack inside. Clients talk to it over HTTP on loopback."""
