"""Names are those of the Terraform files: `aws_sqs_queue.orders` is `orders`."""


def test_an_order_is_priced(stack, clock):
    stack.queue("orders").send({"item": "tea", "count": 2})
    clock.settle()
    assert stack.queue("results").receive_one().json() == {"item": "tea", "total": 7.0}


def test_a_crash_is_retried_after_the_visibility_timeout(stack, clock, faults):
    clock.freeze()
    faults.crash(function="worker", nth_invoke=1)
    order = stack.queue("orders").send({"item": "coffee", "count": 1})
    clock.settle()
    assert order.deliveries == 1
    clock.advance(60)
    assert stack.queue("results").receive_one().json() == {"item": "coffee", "total": 4.0}


def test_an_unknown_item_becomes_a_dead_letter(stack, clock):
    clock.freeze()
    order = stack.queue("orders").send({"item": "gold", "count": 1})
    clock.advance(180)
    order.assert_in(stack.queue("dead"))


def test_nothing_is_lost_whatever_goes_wrong(stack, clock):
    """`harness test --adversary 20` runs it under twenty seeds of faults."""
    for count in range(1, 4):
        stack.queue("orders").send({"item": "tea", "count": count})
    clock.settle()
    stack.ledger.assert_nothing_lost()
