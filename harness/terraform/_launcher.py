"""Runs Terraform so that it reaches one endpoint and nothing else, and so that it never outlives its owner.

`python -I _launcher.py OPTIONS -- PROGRAM ARGUMENT...`, standard library only, started with a pipe as
standard input: when the pipe reaches its end (the owner died, kill -9 included), the program is ended.

`--isolate=PORT`  Give the program loopback only. On Linux it gets a network namespace of its own; a socket
                  that listens there on 127.0.0.1:PORT is handed out to this process, which stays outside and
                  forwards each connection to the host's 127.0.0.1:PORT. Everywhere it also gets an HTTP
                  proxy on loopback that refuses, and notes the host that was asked for. Without a PORT
                  nothing is forwarded.
`--loopback=IP`   The loopback address of PORT, where it is not 127.0.0.1.
`--allow=HOST:PORT`  What the proxy does not refuse: an endpoint on another machine. The name is looked up
                  outside.
`--level=LEVEL`   The isolation to use; default: the strongest that this machine allows.
`--report=FD`     Where a JSON line is written at once for each host that the proxy refused (`{"host": ...}`)
                  and for each request that the endpoint answered with a status of 400 to 499 (`Exchange`).
`--grace=SECONDS` How long the program may take to end when it is interrupted; then it is killed.
`--probe`         Print the isolation that this machine allows, and end.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
from contextlib import suppress

if __package__:
    from harness.terraform._exchange import Exchange
else:  # run by its path, isolated: nothing of the harness can be imported but what lies beside it
    sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120 - kept free of imports
    from _exchange import Exchange  # type: ignore[import-not-found,no-redef,unused-ignore]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

LOOPBACK = "127.0.0.1"
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
PR_SET_PDEATHSIG = 1
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
GRACE = 8.0
CHUNK = 1 << 16
FAILED_TO_START = 127
REFUSAL = b"HTTP/1.1 403 Only-the-endpoint-can-be-reached\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
NO_GATEWAY = b"HTTP/1.1 502 The-endpoint-does-not-answer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CONNECTED = b"HTTP/1.1 200 Connected\r\n\r\n"

NAMESPACE, USER_NAMESPACE, PROXY_ONLY = "namespace", "user-namespace", "proxy"


def isolation_level() -> str:
    """The strongest isolation that this machine allows; tried in a child, so this process stays as it is."""
    if sys.platform != "linux":
        return PROXY_ONLY
    for level in (NAMESPACE, USER_NAMESPACE):
        child = os.fork()
        if child == 0:
            try:
                enter_outer(level)
                inner = os.fork()
                if inner == 0:
                    enter_network()
                    os._exit(0)
                os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]) & 0xFF)
            except BaseException:  # noqa: BLE001 - whatever it is, this level cannot be had
                os._exit(1)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            return level
    return PROXY_ONLY


def unshare(namespace: int) -> None:
    """Get a namespace of that kind (unshare(2)); `os.unshare` came with Python 3.12."""
    if ctypes.CDLL(None, use_errno=True).unshare(namespace):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def enter_outer(level: str) -> None:
    """In the launcher: its children get a process namespace of their own; this process's network stays."""
    if level == USER_NAMESPACE:
        user, group = os.getuid(), os.getgid()
        unshare(CLONE_NEWUSER)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 - kept free of imports
                file.write(text)
    unshare(CLONE_NEWPID)


def enter_network() -> None:
    """In the program's process: a network namespace that holds nothing but loopback."""
    unshare(CLONE_NEWNET)
    import fcntl  # noqa: PLC0415 - not on every platform

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh", b"lo", 0)
        _, flags = struct.unpack("16sh", fcntl.ioctl(control, SIOCGIFFLAGS, request))
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))


def die_with_parent() -> None:
    """Be killed when the launcher is; as the first of its process namespace, with all that it started."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(FAILED_TO_START)


class Relay:
    """Forwards connections to the endpoint, and refuses all else that the proxy is asked for.

    Args:
        forward: The loopback address and port that forwarded connections go to.
        allowed: `host:port` that the proxy lets through, where the endpoint is on another machine.
        report: The file descriptor that refusals are written to.
    """

    def __init__(
        self, forward: tuple[str, int], allowed: str | None = None, report: int | None = None
    ) -> None:
        self.forward = forward
        self.allowed = allowed
        self._report = report
        self._refused: set[str] = set()
        self._exchanges: dict[socket.socket, Exchange] = {}
        self._selector = selectors.DefaultSelector()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._asked: dict[socket.socket, bytes] = {}

    def watch(self, file: socket.socket | int, action: Callable[..., None], *arguments: object) -> None:
        """Call `action` with `arguments` whenever there is something to read."""
        self._selector.register(file, selectors.EVENT_READ, (action, arguments))

    def turn(self, timeout: float | None) -> None:
        """Wait for something to happen, and deal with it."""
        for key, _ in self._selector.select(timeout):
            action, arguments = key.data
            action(*arguments)

    def forget(self, file: socket.socket | int) -> None:
        """Watch it no longer."""
        self._selector.unregister(file)

    def accept_forwarded(self, listener: socket.socket) -> None:
        """A connection to the endpoint."""
        inside, _ = listener.accept()
        try:
            self._join(inside, socket.create_connection(self.forward, timeout=5))
        except OSError:
            inside.close()

    def _join(self, inside: socket.socket, outside: socket.socket) -> None:
        self._exchanges[inside] = Exchange()
        for one, other in ((inside, outside), (outside, inside)):
            one.setblocking(True)
            one.settimeout(30)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers[one] = other
            self.watch(one, self._pump, one)

    def _pump(self, one: socket.socket) -> None:
        other = self._peers.get(one)
        if other is None:
            return
        try:
            data = one.recv(CHUNK)
            if data:
                self._seen(one, other, data)
                other.sendall(data)
                return
        except OSError:
            pass
        for side in (one, other):
            if self._peers.pop(side, None) is not None:
                self._exchanges.pop(side, None)
                self.forget(side)
                side.close()

    def _seen(self, sender: socket.socket, receiver: socket.socket, data: bytes) -> None:
        """Look at what passes: `_exchanges` has the program's side of each connection."""
        if sender in self._exchanges:
            self._exchanges[sender].asked(data)
        elif receiver in self._exchanges and (refusal := self._exchanges[receiver].answered(data)):
            self._write(refusal)

    def _write(self, document: dict[str, object]) -> None:
        if self._report is not None:
            os.write(self._report, json.dumps(document).encode() + b"\n")

    def accept_proxied(self, listener: socket.socket) -> None:
        """A request to the proxy."""
        client, _ = listener.accept()
        client.settimeout(5)
        self._asked[client] = b""
        self.watch(client, self._decide, client)

    def _decide(self, client: socket.socket) -> None:
        try:
            data = client.recv(CHUNK)
            self._asked[client] += data
            if data and b"\r\n\r\n" not in self._asked[client] and len(self._asked[client]) < CHUNK:
                return
        except OSError:
            pass
        request = self._asked.pop(client)
        self.forget(client)
        host = asked_host(request)
        try:
            if host is not None and host == self.allowed:
                self._let_through(client, request, host)
                return
            if host and host not in self._refused:
                self._refused.add(host)
                self._write({"host": host})
            client.sendall(REFUSAL)
        except OSError:
            pass
        client.close()

    def _let_through(self, client: socket.socket, request: bytes, host: str) -> None:
        name, _, port = host.rpartition(":")
        try:
            outside = socket.create_connection((name.strip("[]"), int(port)), timeout=10)
        except OSError:
            client.sendall(NO_GATEWAY)
            raise
        try:
            if request.startswith(b"CONNECT "):
                client.sendall(CONNECTED)
            else:
                outside.sendall(direct(request))
        except OSError:
            outside.close()
            raise
        self._join(client, outside)
        self._exchanges[client].asked(request)


def asked_host(request: bytes) -> str | None:
    """The `host:port` that an HTTP proxy is asked for: `CONNECT host:443 ...`, `GET http://host/ ...`."""
    words = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    if len(words) != 3:  # noqa: PLR2004 - method, target, version
        return None
    target = words[1].partition("://")[2] or words[1]
    host = target.partition("/")[0].rpartition("@")[2]
    if host and not host.rpartition(":")[2].isdigit():
        host += ":80"
    return host or None


def direct(request: bytes) -> bytes:
    """A request to a proxy as its server gets it; one to a connection, so that none passes unseen."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    method, target, version = line.split(b" ")
    path = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    kept = [f for f in fields if not f.lower().startswith((b"connection:", b"proxy-", b"keep-alive:"))]
    return b"\r\n".join([b" ".join((method, path, version)), *kept, b"Connection: close", b"", body])


def start(
    command: list[str], forward: tuple[str, int] | None, level: str
) -> tuple[int, socket.socket | None, socket.socket]:
    """Start the program; returns its process id, and the listeners for the endpoint's port and the proxy."""
    if level != PROXY_ONLY:
        enter_outer(level)
    ours, theirs = socket.socketpair()
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            ours.close()
            os.close(go)
            die_with_parent()
            os.setpgid(0, 0)
            listeners = []
            if level != PROXY_ONLY:
                enter_network()
                if forward is not None:
                    listeners.append(listening(*forward))
            proxy = listening(LOOPBACK, 0)
            socket.send_fds(theirs, [b"x"], [proxy.fileno(), *(one.fileno() for one in listeners)])
            os.read(ready, 1)
            address = f"http://{LOOPBACK}:{proxy.getsockname()[1]}"
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                os.environ[name] = os.environ[name.lower()] = address
            os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost,::1"
            execute(command)
        except BaseException as error:  # noqa: BLE001 - said to the owner, who reads this output
            give_up(command, error)
    theirs.close()
    os.close(ready)
    message, files, _, _ = socket.recv_fds(ours, 1, 2)
    ours.close()
    if not message:
        raise OSError("the program's process ended before it ran")
    sockets = [socket.socket(fileno=file) for file in files]
    os.write(go, b"x")
    os.close(go)
    return child, sockets[1] if len(sockets) > 1 else None, sockets[0]


def start_open(command: list[str]) -> int:
    """Start the program without isolation (`terraform init`, which may have to download providers)."""
    child = os.fork()
    if child == 0:
        try:
            die_with_parent()
            os.setpgid(0, 0)
            execute(command)
        except BaseException as error:  # noqa: BLE001 - said to the owner, who reads this output
            give_up(command, error)
    return child


def execute(command: list[str]) -> NoReturn:
    """Become the program."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.execvpe(command[0], command, os.environ)  # noqa: S606 - no shell is wanted


def give_up(command: list[str], error: BaseException) -> NoReturn:
    """Say why the program does not run, and end."""
    os.write(2, f"{command[0]} cannot be started: {error}\n".encode())
    os._exit(FAILED_TO_START)


def listening(address: str, port: int) -> socket.socket:
    """A socket that listens on a loopback address."""
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(128)
    return listener


class Supervisor:
    """Waits for the program, passes interrupts on to it, and ends it when its owner is gone."""

    def __init__(self, child: int, relay: Relay, grace: float = GRACE) -> None:
        self.child = child
        self.relay = relay
        self.grace = grace
        self._kill_at: float | None = None
        read, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write)
        self._signals = read
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        relay.watch(read, self._signalled)
        relay.watch(0, self._owner_spoke)

    def wait(self) -> int:
        """The program's exit code."""
        while True:
            ended, status = os.waitpid(self.child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            self.relay.turn(None if self._kill_at is None else max(0.0, self._kill_at - time.monotonic()))
            if self._kill_at is not None and time.monotonic() >= self._kill_at:
                self._send(signal.SIGKILL)

    def _signalled(self) -> None:
        for number in os.read(self._signals, 64):
            if number != signal.SIGCHLD:
                self._interrupt()

    def _owner_spoke(self) -> None:
        if not os.read(0, 1):
            self.relay.forget(0)
            self._interrupt()

    def _interrupt(self) -> None:
        if self._kill_at is None:
            # Terraform ends in order at the first interrupt, and saves its state.
            self._kill_at = time.monotonic() + self.grace
            self._send(signal.SIGINT)

    def _send(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child, number)


def main(arguments: list[str]) -> int:
    """Run what the command line says; returns the program's exit code, 128 + N when signal N ended it."""
    if arguments == ["--probe"]:
        os.write(1, isolation_level().encode())
        return 0
    split = arguments.index("--")
    options = dict(argument.removeprefix("--").split("=", 1) for argument in arguments[:split])
    command = arguments[split + 1 :]
    address = options.get("loopback", LOOPBACK)
    forward = (address, int(options["isolate"])) if options.get("isolate") else None
    report = int(options["report"]) if "report" in options else None
    if report is not None:
        os.set_inheritable(report, False)
    relay = Relay(forward or (LOOPBACK, 0), options.get("allow"), report)
    if "isolate" in options:
        level = options.get("level") or isolation_level()
        child, forwarded, proxy = start(command, forward, level)
        if forwarded is not None:
            relay.watch(forwarded, relay.accept_forwarded, forwarded)
        relay.watch(proxy, relay.accept_proxied, proxy)
    else:
        child = start_open(command)
    code = Supervisor(child, relay, float(options.get("grace", GRACE))).wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
