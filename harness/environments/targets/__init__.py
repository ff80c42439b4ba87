"""The targets: a module each, named as the target is, whose `TARGET` is its class."""
