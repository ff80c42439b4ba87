"""Synth, Terraform, queues made ahead of the apply, and what the state then holds."""
