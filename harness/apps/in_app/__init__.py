"""Loaded into the user's app: into its Python (`sitecustomize.py`), its Node.js (`lazy_bindings.cjs`)."""
