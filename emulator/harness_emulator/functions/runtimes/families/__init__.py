"""The families of Lambda runtimes that run here: a module each, whose `FAMILY` is a `RuntimeFamily`."""
