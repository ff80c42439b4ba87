"""How an app becomes Terraform configuration."""
