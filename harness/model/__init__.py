"""The definitions that the client and the emulator share; imports nothing but the standard library."""
