"""LocalStack 4.14.0 as it is sold: its own runtime, queues, mapping, queue URLs; nothing of this harness's.

An endpoint that somebody else runs, and a stand-in for AWS. Two things differ from its image: it listens on
127.0.0.1 only (LocalStack ignores the address in GATEWAY_LISTEN), and functions run as processes, through its
own plug-in interface, since its images cannot be had everywhere.

In a terminal: `python -m tests.support.stock_localstack --port 4566`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.machine.alive import end_tree
from harness.model.host import HOST, host_variables
from harness_emulator.localstack.service_index import use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RUNTIMES = Path(sys.prefix) / "runtimes"
READY_SECONDS = 90.0
EXIT_GRACE_SECONDS = 5.0
QUICK_MAPPING = {
    # Its mapping asks once a second, and less and less often while nothing comes.
    "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.1",
    "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "0.5",
    "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_ERROR_SEC": "2",
}


@dataclass(frozen=True)
class StockLocalStack:
    """One that runs.

    Attributes:
        url: `http://127.0.0.1:PORT`.
        pid: Its process.
        log: What it prints.
    """

    url: str
    pid: int
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def get(self, path: str) -> Any:
        """The JSON document at `path`, such as `/_localstack/info`."""
        with _open(self.url + path) as answer:
            return json.load(answer)


@contextlib.contextmanager
def stock_localstack(
    data: Path, *, port: int = 0, quick: bool = True, settings: Mapping[str, str] | None = None
) -> Iterator[StockLocalStack]:
    """Start one, wait until it is healthy, and end it with everything it started.

    Args:
        data: A folder for all that it writes.
        port: Where it listens; 0 takes a free one.
        quick: Let its mapping poll more often than it does by itself.
        settings: LocalStack's, such as `{"SQS_ENDPOINT_STRATEGY": "off"}`.
    """
    data.mkdir(parents=True, exist_ok=True)
    log = data / "localstack.log"
    read, write = os.pipe()
    with os.fdopen(read, "rb") as ready, log.open("wb") as output:
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", __file__, "--port", str(port), "--data", data, "--serve", str(write)],
                cwd=data,
                env={
                    **host_variables(os.environ),
                    **(QUICK_MAPPING if quick else {}),
                    **(settings or {}),
                },
                stdin=subprocess.PIPE,  # it ends when this does
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(write,),
                start_new_session=True,
            )
        finally:
            os.close(write)
        try:
            line = ready.readline()  # the port, or nothing where it ended
            assert line, log.read_text()
            url = f"http://{HOST}:{int(line)}"
            _wait_until_healthy(url, process, log)
            yield StockLocalStack(url, process.pid, log)
        finally:
            end_tree(process.pid)
            process.wait()
            assert process.stdin is not None
            process.stdin.close()


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    # It binds its port late: until then a connection waits in the queue of the bound socket, and is answered.
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError), _open(f"{url}/_localstack/health") as answer:
            if json.load(answer).get("version"):
                return
    raise AssertionError(f"LocalStack did not start:\n{log.read_text()}")


def _open(url: str) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(url, timeout=READY_SECONDS)


def _variables(port: int, data: Path) -> dict[str, str]:
    return {
        "GATEWAY_LISTEN": f"{HOST}:{port}",
        "DNS_ADDRESS": "0",
        "OVERRIDE_IN_DOCKER": "0",  # else it writes to /var/lib/localstack, in containers like those of CI
        # All that it writes lies in the data folder.
        "FILESYSTEM_ROOT": str(data / "filesystem"),
        "LOCALSTACK_VOLUME_DIR": str(data / "volume"),
        "CONFIG_DIR": str(data / "config"),
        "TMPDIR": str(data / "tmp"),
        # It opens no connection of its own accord.
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost,::1",
        # Functions are processes.
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "HARNESS_RUNTIMES": str(RUNTIMES),
        "HARNESS_DATA": str(data),
    }


def serve(port: int, data: Path, ready: int) -> None:
    """Be LocalStack until standard input ends; in a process of its own."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(256)
    port = listener.getsockname()[1]
    os.environ.update(_variables(port, data))
    Path(os.environ["TMPDIR"]).mkdir(parents=True, exist_ok=True)
    use(Path(os.environ["FILESYSTEM_ROOT"]))  # LocalStack's images bring it, too
    threading.Thread(target=_end_with_owner, daemon=True).start()
    with os.fdopen(ready, "w") as stream:
        stream.write(f"{port}\n")

    _do_without_service_identity()
    from twisted.internet import reactor  # noqa: PLC0415 - after the environment is set

    def listen(asked: int, factory: Any, *_: Any, **__: Any) -> Any:
        assert asked == port, f"LocalStack wants to listen on {asked}"
        listener.setblocking(False)
        return reactor.adoptStreamPort(listener.fileno(), socket.AF_INET, factory)

    reactor.listenTCP = listen
    from localstack.runtime.main import main  # noqa: PLC0415 - the same

    main()


def _do_without_service_identity() -> None:
    """Twisted's TLS module imports this library to check the servers that a client calls: there are none."""
    names = ("DNS_ID", "IPAddress_ID", "ServiceID", "extract_patterns", "verify_service_identity")
    for module in ("service_identity", "service_identity.hazmat", "service_identity.pyopenssl"):
        made = sys.modules[module] = types.ModuleType(module)
        vars(made).update(dict.fromkeys(names), VerificationError=Exception)


def _end_with_owner() -> None:
    while select.select([0], [], [])[0] and os.read(0, 4096):
        pass
    deadline = threading.Timer(EXIT_GRACE_SECONDS, os._exit, (0,))
    deadline.daemon = True
    deadline.start()
    os.kill(os.getpid(), signal.SIGTERM)


def _command_line() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.stock_localstack")
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data", type=Path, help="folder for all that it writes; default: a temporary one")
    parser.add_argument("--slow", action="store_true", help="let the mapping poll as seldom as it does")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="LocalStack's settings"
    )
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        serve(asked.port, asked.data, asked.serve)
        return
    data = asked.data or Path(tempfile.mkdtemp(prefix="stock-localstack-"))
    settings = dict(setting.split("=", 1) for setting in asked.set)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with stock_localstack(data, port=asked.port, quick=not asked.slow, settings=settings) as stock:
            sys.stdout.write(f"{stock.url}\n")
            sys.stdout.flush()
            signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        if asked.data is None:
            shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    _command_line()
