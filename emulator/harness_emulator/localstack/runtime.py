"""LocalStack's runtime, served on loopback only."""

from __future__ import annotations

import logging
import socket
import threading
from functools import cached_property
from typing import TYPE_CHECKING

from localstack import config
from localstack.aws import handlers
from localstack.aws.components import AwsComponents
from localstack.runtime import current, hooks
from localstack.runtime.runtime import LocalstackRuntime
from localstack.runtime.server import RuntimeServer
from rolo.serving.twisted import TwistedGateway
from twisted.internet import reactor

from harness_emulator.localstack.guard import guard
from harness_emulator.localstack.parsing import StrictDecoder, StrictParser
from harness_emulator.localstack.waiting_calls import work_first

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolo.gateway import Gateway

LOG = logging.getLogger(__name__)

GATEWAY_THREADS = 200
"""Requests served at once; a long poll holds one thread for as long as it waits."""


class LoopbackServer(RuntimeServer):
    """Serves the gateway from a socket that is already bound.

    LocalStack's own server takes the port from GATEWAY_LISTEN but not the address: it listens on every
    interface, whatever the setting says. It also speaks TLS, for which it makes a certificate at every start.
    """

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener

    def register(self, gateway: Gateway, *_: object) -> None:
        """Accept connections as soon as `run` is called."""
        self._listener.listen(256)
        self._listener.setblocking(False)
        reactor.adoptStreamPort(self._listener.fileno(), socket.AF_INET, TwistedGateway(gateway))
        self._listener.close()  # twisted holds a duplicate

    def run(self) -> None:
        """Serve until `shutdown`."""
        reactor.suggestThreadPoolSize(GATEWAY_THREADS)
        reactor.run(installSignalHandlers=False)

    def shutdown(self) -> None:
        """Leave `run`; requests that are under way are abandoned."""
        reactor.callFromThread(reactor.stop)


class HarnessComponents(AwsComponents):
    """LocalStack's AWS gateway behind the loopback server."""

    def __init__(self, listener: socket.socket) -> None:
        super().__init__()
        self._listener = listener

    @cached_property
    def runtime_server(self) -> RuntimeServer:
        """The server that `LocalstackRuntime` runs."""
        return LoopbackServer(self._listener)

    @cached_property
    def gateway(self) -> Gateway:
        """LocalStack's gateway, with the guard in front of it, strict about what cannot be read."""
        gateway = super().gateway
        for own, strict in (
            (handlers.content_decoder, StrictDecoder(handlers.content_decoder)),
            (handlers.parse_service_request, StrictParser(handlers.parse_service_request)),
        ):
            gateway.request_handlers[gateway.request_handlers.index(own)] = strict
        gateway.request_handlers.insert(0, guard)
        routed = gateway.request_handlers.index(gateway.service_request_router)
        gateway.request_handlers.insert(routed, work_first)
        return gateway


class HarnessRuntime(LocalstackRuntime):
    """The runtime without TLS, and without polling for its own port.

    Args:
        components: Gateway and server.
        on_ready: Called once, when requests are served.
    """

    def __init__(self, components: HarnessComponents, on_ready: Callable[[], None]) -> None:
        super().__init__(components)
        self._call_when_ready = on_ready
        self._serving = threading.Event()
        reactor.callWhenRunning(self._serving.set)

    def _init_gateway_server(self) -> None:
        self.components.runtime_server.register(self.components.gateway, config.GATEWAY_LISTEN)

    def _wait_for_gateway(self) -> None:
        self._serving.wait()

    def _on_ready(self) -> None:
        hooks.on_runtime_ready.run()
        self.ready.set()
        self._call_when_ready()


def create_runtime(listener: socket.socket, on_ready: Callable[[], None]) -> HarnessRuntime:
    """The process's one runtime, ready to `run`."""
    hooks.on_runtime_create.run()
    runtime = HarnessRuntime(HarnessComponents(listener), on_ready)
    current.set_current_runtime(runtime)
    return runtime
