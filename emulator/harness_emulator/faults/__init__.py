"""Faults that are aimed: rules say where, when and how often something goes wrong."""
