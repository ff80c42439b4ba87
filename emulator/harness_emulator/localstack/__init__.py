"""LocalStack: started, configured, and changed where AWS behaves differently."""
