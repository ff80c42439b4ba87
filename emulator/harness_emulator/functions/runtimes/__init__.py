"""Lambda runtimes on this machine: interpreters, and a small environment for each."""
