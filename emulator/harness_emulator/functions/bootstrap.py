"""What a function's process runs first: the way to AWS is shut, the debugger started, the runtime client run.

It runs with the runtime's own Python (3.9 or newer) and nothing but the runtime's environment, so it imports
nothing of the harness. Its settings arrive on standard input.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any

AWS_SUFFIXES = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".aws",
    ".aws.dev",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
)
METADATA_ADDRESSES = frozenset(
    {"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "instance-data"}
)
GUARDED = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.sendto"})

OPEN_FILES = 1024


class AwsRefusedError(RuntimeError):
    """A function that runs locally wanted to open a connection to AWS."""


def is_aws(host: Any) -> bool:
    """Whether a host name or address belongs to AWS's endpoints or to its metadata services."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("ascii", "replace")
    if not isinstance(host, str):
        return False
    name = host.lower().rstrip(".")
    return name in METADATA_ADDRESSES or name.endswith(AWS_SUFFIXES)


def refuse_aws(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: Python calls it before any of its code resolves a name or connects."""
    if event not in GUARDED:
        return
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) and address else None
    else:
        host = arguments[0]
    if is_aws(host):
        raise AwsRefusedError(
            f"Refused to connect to {host}: a function that runs locally never reaches AWS. "
            "Clients made without endpoint_url use AWS_ENDPOINT_URL, which names the emulator."
        )


def main() -> None:
    """Run the function until its process is killed."""
    settings = read_settings()
    task_root = settings["task_root"]
    # This file's own folder stands there: a handler must not find the harness's modules.
    sys.path[0] = task_root
    if not settings["locale"]:
        # Set by Python itself where the host lacks Lambda's locale (PEP 538).
        os.environ.pop("LC_CTYPE", None)
    limit_open_files()
    sys.addaudithook(refuse_aws)
    # The environment holds the newest SDK there is for its Python; the log need not say so at every start.
    warnings.filterwarnings("ignore", message="Boto3 will no longer support Python")
    os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(os.dup(1))  # frames and lines share one pipe: one order
    if settings.get("debug"):
        start_debugger(settings["debug"], task_root)
    if settings.get("clock"):
        beside("time_follower").follow(settings["clock"])
    provide_runtime_client()
    from awslambdaric.__main__ import main as run  # noqa: PLC0415 - its import is part of the init phase

    sys.argv = ["bootstrap", settings["handler"]]
    run(sys.argv)


def limit_open_files() -> None:
    """Lambda's limit of file descriptors (row C-21). That of threads counts all processes of a user."""
    import resource  # noqa: PLC0415 - not there on Windows

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def provide_runtime_client() -> None:
    """Where AWS's native client is not there (it is built for Linux only), put ours in its place."""
    try:
        import runtime_client  # type: ignore[import-not-found,unused-ignore] # noqa: F401, PLC0415 - asks for it
    except ImportError:
        sys.modules["runtime_client"] = beside("portable_client")


def beside(name: str) -> Any:
    """A module that lies beside this file, which is no package here."""
    from importlib.util import module_from_spec, spec_from_file_location  # noqa: PLC0415 - rarely needed
    from pathlib import Path  # noqa: PLC0415 - the same

    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_settings() -> dict[str, Any]:
    """The settings, which arrive once the reaper knows the process; nothing arrives if the emulator died."""
    chunks = []
    while True:
        chunk = os.read(0, 65536)
        if not chunk:
            break
        chunks.append(chunk)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    if not chunks:
        sys.exit(1)
    settings: dict[str, Any] = json.loads(b"".join(chunks))
    return settings


def start_debugger(options: dict[str, Any], task_root: str) -> None:
    """Listen for a debugger on a port of its own, tell the emulator which, and wait for a client if asked."""
    from http.client import HTTPConnection  # noqa: PLC0415 - costs time, and is needed here only

    import debugpy  # noqa: PLC0415, T100 - this is what debugging is

    _, port = debugpy.listen(("127.0.0.1", 0))  # noqa: T100 - the same
    if options.get("source_root"):
        # Breakpoints in the user's own files are those of the deployed copies; a client that sends
        # pathMappings of its own replaces this.
        import pydevd_file_utils  # type: ignore[import-not-found] # noqa: PLC0415 - on the path since debugpy is

        pydevd_file_utils.setup_client_server_paths([(options["source_root"], task_root)])
    connection = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request("POST", "/harness/debugger", body=str(port))
    connection.getresponse().read()
    connection.close()
    if options.get("wait"):
        debugpy.wait_for_client()  # noqa: T100 - the same


if __name__ == "__main__":
    main()
