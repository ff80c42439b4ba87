"""The CDKTF app: two queues, and the calculator between them."""
