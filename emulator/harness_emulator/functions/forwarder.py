"""The port that debuggers attach to; it stays while the function's processes and their ports come and go."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from typing import TYPE_CHECKING

from harness.model.errors import PortTakenError
from harness.model.host import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 1 << 16


class Forwarder:
    """Forwards each connection to the debug adapter of the moment.

    Args:
        port: 0 takes a free one.
        changed: Called when the number of clients has changed.
        wanted: Called when a client connects.
        listen: The address that clients connect to.

    Raises:
        PortTakenError: Another process listens on the port.
    """

    def __init__(
        self, port: int, changed: Callable[[], None], wanted: Callable[[], None], *, listen: str = HOST
    ) -> None:
        try:
            self._listener = socket.create_server((listen, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortTakenError(
                f"The debugger's port {port} on {listen} is taken by another process.",
                hint="Free it, or choose another with --port (0 takes a free one).",
            ) from error
        self.port: int = self._listener.getsockname()[1]
        self._changed = changed
        self._wanted = wanted
        self._state = threading.Condition()
        self._target: int | None = None
        self._clients = 0
        self._sockets: set[socket.socket] = set()
        self._closed = False
        self._accepting = threading.Thread(target=self._accept, name="debug-port", daemon=True)
        self._accepting.start()

    @property
    def clients(self) -> int:
        """How many debuggers are attached now."""
        with self._state:
            return self._clients

    def aim(self, port: int | None) -> None:
        """Forward to this port from now on; None: new clients wait for the next one."""
        with self._state:
            self._target = port
            self._state.notify_all()

    def close(self) -> None:
        """Let go of every client, and of the port."""
        with self._state:
            self._closed = True
            self._state.notify_all()
            sockets = list(self._sockets)
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
            pass  # wakes the thread in accept
        self._accepting.join()
        for each in sockets:
            _shut(each)

    def _accept(self) -> None:
        with self._listener:
            while True:
                client, _ = self._listener.accept()
                if self._closed:
                    client.close()
                    return
                threading.Thread(target=self._serve, args=(client,), name="debug-client", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._wanted()
        with client, self._registered(client):
            with self._state:
                self._state.wait_for(lambda: self._closed or self._target is not None)
                target = self._target
            if self._closed or target is None:
                return
            try:
                adapter = socket.create_connection((HOST, target))
            except OSError:
                return  # the process has just ended; the client sees the connection close, and tries again
            with adapter, self._registered(adapter):
                self._count(1)
                try:
                    back = threading.Thread(target=_pump, args=(adapter, client), daemon=True)
                    back.start()
                    _pump(client, adapter)
                    back.join()
                finally:
                    self._count(-1)

    @contextlib.contextmanager
    def _registered(self, each: socket.socket) -> Iterator[None]:
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._state:
            self._sockets.add(each)
        try:
            yield
        finally:
            with self._state:
                self._sockets.discard(each)

    def _count(self, change: int) -> None:
        with self._state:
            self._clients += change
        self._changed()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    _shut(source)
    _shut(sink)


def _shut(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
