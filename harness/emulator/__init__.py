"""What runs inside the LocalStack process; imported by nothing outside it."""
