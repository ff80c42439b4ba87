"""Event source mappings from SQS queues to Lambda functions.

`control` is what Create-, Update- and DeleteEventSourceMapping do, with AWS's refusals (`checks`, `limits`,
`rights`) and advice (`advice`). A mapping is one thread that forms batches (`mapping`), as many as `scaling`
allows at once, each handled by a thread of a pool (`batches`, `threads`). `records`, `filters`, `answers` and
`lineage` are what a function is given, what it is not, and what its answer means. Times are the account's
clock's.
"""
