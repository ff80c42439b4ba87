"""The version of the control API, which both programs bring along: a client asks the emulator for it."""

CONTROL_API_VERSION = 1
"""Increased by a change that the other program, in an earlier version, cannot work with."""
