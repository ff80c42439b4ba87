"""The lab's stack, tested: `pytest` brings it up, or uses what `harness up` left running."""


def test_an_operation_is_answered(stack):
    stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
    assert stack.queue("OutputQueue").receive_one().json()["result"] == 8


def test_many_operations_are_answered_once_each(stack):
    operations = [{"operation": "multiply", "a": number, "b": 2} for number in range(25)]
    stack.queue("InputQueue").send_all(operations)
    results = stack.queue("OutputQueue").collect(25)
    assert sorted(message.json()["result"] for message in results) == [2 * number for number in range(25)]


def test_what_a_crash_interrupts_is_tried_again_after_the_visibility_timeout(stack, clock, faults):
    clock.freeze()
    faults.crash(function="calculatrice", when="before", nth_invoke=1)
    message = stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
    clock.settle()
    assert (message.deliveries, stack.queue("OutputQueue").counts().visible) == (1, 0)
    clock.advance(60)  # a minute of the stack's time, and none of yours
    assert stack.queue("OutputQueue").receive_one().json()["result"] == 8
    assert message.deliveries == 2


def test_what_cannot_be_calculated_comes_back_until_its_retention_ends(stack, clock):
    clock.freeze()
    message = stack.queue("InputQueue").send({"operation": "divide", "a": 1, "b": 0})
    clock.settle()
    for deliveries in (2, 3):  # the stack has no dead-letter queue
        clock.advance(60)
        assert message.deliveries == deliveries
    assert stack.queue("OutputQueue").counts().visible == 0
