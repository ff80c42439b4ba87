"""The control API: routes below /_harness/ on the emulator's port."""
