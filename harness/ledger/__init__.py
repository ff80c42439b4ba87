"""What a ledger is, for those who write and those who read it: its events, the file that keeps them."""
