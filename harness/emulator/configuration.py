"""How LocalStack is configured: through environment variables, which must stand before it is imported."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "127.0.0.1"

KEPT_FROM_THE_HOST = frozenset(
    {
        # What programs need to run and to find interpreters; nothing that names an AWS account, a region,
        # an endpoint, a proxy or a setting of LocalStack's. LocalStack reads some three hundred names:
        # keeping a few is safer than dropping many.
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "PATH",
        "PYENV_ROOT",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TMPDIR",
        "TZ",
        "USER",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
    },
)
KEPT_PREFIXES = ("UV_",)
"""uv makes the function runtimes' environments: its index, cache and certificate settings are the user's."""


@dataclass(frozen=True)
class Options:
    """What the emulator was started with.

    Attributes:
        port: TCP port on 127.0.0.1.
        data: Folder that holds everything the emulator writes.
        runtimes: Folder of the function runtimes' Python environments.
        strict_runtime: Refuse to run a function with another Python than its runtime's.
        instance: Id of this start; health reports it, so that a client knows which emulator answers.
    """

    port: int
    data: Path
    runtimes: Path
    strict_runtime: bool
    instance: str


def host_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of the host's environment that the emulator's process may have."""
    return {
        name: value
        for name, value in environ.items()
        if name in KEPT_FROM_THE_HOST or name.startswith(KEPT_PREFIXES)
    }


def localstack_variables(options: Options) -> dict[str, str]:
    """LocalStack's settings."""
    address = f"{HOST}:{options.port}"
    return {
        # Where it listens, and the address that queue URLs and functions get. `off` gives queue URLs of the
        # form http://HOST:PORT/ACCOUNT/NAME, which the AWS provider accepts and which need no DNS.
        "GATEWAY_LISTEN": address,
        "LOCALSTACK_HOST": address,
        "SQS_ENDPOINT_STRATEGY": "off",
        "DNS_ADDRESS": "0",
        # One file tree, in the data folder.
        "FILESYSTEM_ROOT": str(options.data / "filesystem"),
        "LOCALSTACK_VOLUME_DIR": str(options.data / "volume"),
        "CONFIG_DIR": str(options.data / "config"),
        # Functions' code and S3's objects, too: else they stay in /tmp, where two emulators share them.
        "TMPDIR": str(options.data / "tmp"),
        # It opens no connection of its own accord.
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "no_proxy": "127.0.0.1,localhost,::1",
        # 80 % of a SendMessage was writing CloudWatch metrics to SQLite.
        "SQS_DISABLE_CLOUDWATCH_METRICS": "1",
        # Functions run as processes (harness.emulator.executor).
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        # Services start at their first request; those that every stack here uses are warmed after the start.
        "EAGER_SERVICE_LOADING": "0",
        # A function's process never sees these; LocalStack's own clients need some credentials to sign with.
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # The options that harness.emulator.executor reads.
        "HARNESS_RUNTIMES": str(options.runtimes),
        "HARNESS_STRICT_RUNTIME": "1" if options.strict_runtime else "0",
        "HARNESS_DATA": str(options.data),
    }


def configure(options: Options) -> None:
    """Replace this process's environment by what the emulator may have; before LocalStack is imported."""
    kept = host_variables(os.environ)
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(localstack_variables(options))
    Path(os.environ["TMPDIR"]).mkdir(parents=True, exist_ok=True)
