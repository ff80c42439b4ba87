"""Brings stacks up and takes them down: the one room that knows both Terraform and environments."""
