"""The control API under `/_harness/`, on the emulator's own port: JSON in, JSON out."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from localstack.http import Response
from localstack.services.edge import ROUTER

if TYPE_CHECKING:
    from localstack.http import Request

    from harness.emulator.configuration import Options

CAPABILITIES = ("deploy", "send", "results", "logs", "debug")


def register_routes(options: Options) -> None:
    """Add the routes to LocalStack's gateway."""

    def health(_: Request) -> Response:
        return _json(
            {
                "status": "running",
                "version": version("sqs-lambda-harness"),
                "localstack": version("localstack-core"),
                "instance": options.instance,
                "pid": os.getpid(),
                "capabilities": list(CAPABILITIES),
            },
        )

    ROUTER.add("/_harness/health", health, methods=["GET"])


def _json(document: Any, status: int = 200) -> Response:
    response = Response(status=status)
    response.set_json(document)
    return response
