"""What happened to each message: events in order, kept in a file, readable while they are written."""
