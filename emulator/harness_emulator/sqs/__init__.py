"""SQS, strict and on the account's clock: LocalStack's provider with storage and time of our own."""
