"""pytest-xdist: the run's first process starts the environment that all its workers share.

A worker must not own the environment, for it may end before the others; so it asks the first process, over a
Unix socket that only this run knows the key of. Nothing is started before a worker asks.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from typing import TYPE_CHECKING, Any

from harness.model.errors import EmulatorError, HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection


@dataclass(frozen=True)
class BrokerAddress:
    """Where the broker listens; travels to the workers in pytest-xdist's `workerinput`."""

    path: str
    key: bytes

    def as_input(self) -> dict[str, Any]:
        """As types that execnet carries."""
        return {"path": self.path, "key": self.key}

    def ask(self) -> None:
        """Return when an environment is up.

        Raises:
            EmulatorError: None can be started; with the words of the process that tried.
        """
        try:
            with Client(self.path, family="AF_UNIX", authkey=self.key) as connection:
                answer = json.loads(connection.recv_bytes())
        except (OSError, EOFError, AuthenticationError) as error:
            raise EmulatorError(f"The test run's first process does not answer: {error}.") from error
        if answer:
            raise EmulatorError(answer["message"], hint=answer["hint"], detail=answer["detail"])


class Broker:
    """Answers the workers of one run, one after the other.

    Args:
        start: Sees to it that an environment is up; called for each worker that asks.
    """

    def __init__(self, start: Callable[[], object]) -> None:
        self._start = start
        self._listener = Listener(family="AF_UNIX", authkey=(key := os.urandom(32)))
        self.address = BrokerAddress(str(self._listener.address), key)
        self._closed = False
        self._thread = threading.Thread(target=self._answer, name="harness-broker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nobody from now on; returns when the last answer is given."""
        self._closed = True
        with contextlib.suppress(EmulatorError):  # it has ended by itself
            self.address.ask()  # wakes the thread
        self._thread.join()

    def _answer(self) -> None:
        with self._listener:
            while True:
                try:
                    connection = self._listener.accept()
                except (OSError, EOFError, AuthenticationError):  # a worker that died while it connected
                    continue
                with connection:
                    if self._closed:
                        _send(connection, {})
                        return
                    _send(connection, self._ensure())

    def _ensure(self) -> dict[str, Any]:
        try:
            self._start()
        except HarnessError as error:
            return {"message": error.message, "hint": error.hint, "detail": error.detail}
        except Exception as error:  # noqa: BLE001 - the worker's test shows it
            return {"message": f"{type(error).__name__}: {error}", "hint": None, "detail": None}
        return {}


def _send(connection: Connection[Any, Any], answer: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # the worker has died; pytest-xdist reports its test
        connection.send_bytes(json.dumps(answer).encode())
