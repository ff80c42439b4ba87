"""Time in the emulator: one clock per account, and the machine's own time."""
