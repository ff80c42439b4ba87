"""How LocalStack is configured: through environment variables, which must stand before it is imported."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness.model.host import HOST, host_variables
from harness_emulator.localstack import service_index


@dataclass(frozen=True)
class Options:
    """What the emulator was started with.

    Attributes:
        port: TCP port, at which queue URLs and functions find it on 127.0.0.1.
        data: Folder that holds everything the emulator writes.
        runtimes: Folder of the function runtimes' Python environments.
        strict_runtime: Refuse to run a function with another Python than its runtime's.
        instance: Id of this start; health reports it, so that a client knows which emulator answers.
        listen: Address that it listens on. Another one than loopback's makes sense in a container, of which
            a port is published; requests must come for loopback all the same
            (`harness_emulator.localstack.guard`).
        debug_port: The one port on which debuggers can attach; None where any may be asked for.
        ledger: The file that keeps what happens; None where nothing does.
    """

    port: int
    data: Path
    runtimes: Path
    strict_runtime: bool
    instance: str
    listen: str = HOST
    debug_port: int | None = None
    ledger: Path | None = None


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
        # In a container it would take 0.0.0.0 for its address, and look for Docker.
        "OVERRIDE_IN_DOCKER": "0",
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
        # LocalStack's services call each other in process, not over its port: S3 for code, STS for roles.
        "IN_MEMORY_CLIENT": "1",
        # Strict, and on the account's clock (harness_emulator.sqs).
        "PROVIDER_OVERRIDE_SQS": "harness",
        # Its Lambda provider, with the harness's event source mappings (localstack.lambda_provider).
        "PROVIDER_OVERRIDE_LAMBDA": "harness",
        # Moto's, in this process (localstack.neighbours); LocalStack starts Java, and downloads.
        "PROVIDER_OVERRIDE_DYNAMODB": "harness",
        "PROVIDER_OVERRIDE_DYNAMODBSTREAMS": "harness",
        "PROVIDER_OVERRIDE_KINESIS": "harness",
        # Functions run as processes (harness_emulator.functions).
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        # Services start at their first request; those that every stack here uses are warmed after the start.
        "EAGER_SERVICE_LOADING": "0",
        # A function's process never sees these; LocalStack's own clients need some credentials to sign with.
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # The options that harness_emulator.functions reads.
        "HARNESS_RUNTIMES": str(options.runtimes),
        "HARNESS_STRICT_RUNTIME": "1" if options.strict_runtime else "0",
        "HARNESS_DATA": str(options.data),
        "HARNESS_LISTEN": options.listen,
        "HARNESS_DEBUG_PORT": str(options.debug_port or ""),
    }


def configure(options: Options) -> None:
    """Replace this process's environment by what the emulator may have; before LocalStack is imported."""
    kept = host_variables(os.environ)
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(localstack_variables(options))
    Path(os.environ["TMPDIR"]).mkdir(parents=True, exist_ok=True)
    service_index.use(Path(os.environ["FILESYSTEM_ROOT"]))
