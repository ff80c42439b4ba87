"""What the pytest plug-in is made of: options, variations of the stack, the run's environment, reports."""
