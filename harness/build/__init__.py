"""Handler source to deployment zip, byte for byte reproducible."""
