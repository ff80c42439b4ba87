from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.model.errors import EmulatorError, PortTakenError
from harness.testing.broker import Broker, BrokerAddress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[], object]], BrokerAddress]]:
    brokers: list[Broker] = []

    def start(action: Callable[[], object]) -> BrokerAddress:
        brokers.append(Broker(action))
        return BrokerAddress(**brokers[-1].address.as_input())

    yield start
    for broker in brokers:
        broker.close()


def test_nothing_starts_before_a_worker_asks(serve: Callable[..., BrokerAddress]) -> None:
    calls: list[int] = []
    address = serve(lambda: calls.append(1))
    assert calls == []
    address.ask()
    assert calls == [1]


def test_an_error_reaches_the_worker_with_its_words(serve: Callable[..., BrokerAddress]) -> None:
    def fails() -> None:
        raise PortTakenError("Port 4566 is taken.", hint="Take another.", detail="a log line")

    address = serve(fails)
    for _ in range(2):
        with pytest.raises(EmulatorError) as error:
            address.ask()
        assert (error.value.message, error.value.hint, error.value.detail) == (
            "Port 4566 is taken.",
            "Take another.",
            "a log line",
        )


def test_a_stranger_without_the_key_gets_nothing(serve: Callable[..., BrokerAddress]) -> None:
    calls: list[int] = []
    address = serve(lambda: calls.append(1))
    with pytest.raises(EmulatorError, match="does not answer"):
        replace(address, key=b"another").ask()
    assert calls == []
    address.ask()
    assert calls == [1]


def test_after_the_run_nobody_answers() -> None:
    broker = Broker(lambda: None)
    broker.close()
    with pytest.raises(EmulatorError, match="does not answer"):
        broker.address.ask()
