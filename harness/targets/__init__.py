"""Where a stack runs."""
