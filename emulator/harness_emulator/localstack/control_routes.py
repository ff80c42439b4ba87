"""The control API in LocalStack's gateway: its routes below /_harness/, and what they ask of LocalStack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localstack.aws import handlers
from localstack.http import Response
from localstack.services.edge import ROUTER
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.plugins import SERVICE_PLUGINS, ServiceState
from localstack.services.sqs.models import sqs_stores

from harness_emulator.api.control import answer, no_such_route, routes
from harness_emulator.api.requests import Request
from harness_emulator.functions import callers

if TYPE_CHECKING:
    from collections.abc import Callable

    from localstack.http import Request as GatewayRequest

    from harness_emulator.api.requests import Answer
    from harness_emulator.configuration import Options


class Stores:
    """The neighbours that the routes ask: LocalStack's stores and services."""

    def queues(self, account: str) -> set[str]:
        """The names of an account's queues, in all regions."""
        return _names(sqs_stores, "queues", account)

    def functions(self, account: str) -> set[str]:
        """The names of an account's functions, in all regions."""
        return _names(lambda_stores, "functions", account)

    def is_running(self, service: str) -> bool:
        """Whether a service has been started; asking does not start it."""
        return bool(SERVICE_PLUGINS.get_states().get(service) == ServiceState.RUNNING)


def register_routes(options: Options) -> None:
    """Add the routes to LocalStack's gateway."""
    for method, name, handler in routes(options, Stores()):
        ROUTER.add(f"/_harness/{name}", _endpoint(handler), methods=[method])
    # Otherwise LocalStack takes it for a bucket.
    handlers.run_custom_response_handlers.append(callers.answering)
    ROUTER.add("/_harness/<path:name>", _endpoint(no_such_route))


def _endpoint(handler: Callable[[Request], Any]) -> Callable[..., Response]:
    def endpoint(request: GatewayRequest, **_: str) -> Response:
        return _response(answer(handler, _plain(request)))

    return endpoint


def _plain(request: GatewayRequest) -> Request:
    return Request(
        method=request.method,
        path=request.path,
        query=request.args.to_dict(),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.get_data(as_text=True),
    )


def _response(result: Answer) -> Response:
    return Response(result.body, status=result.status, content_type=result.content_type)


def _names(stores: Any, kind: str, account: str) -> set[str]:
    return {
        name
        for store_account, _, store in list(stores.iter_stores())
        if store_account == account
        for name in list(getattr(store, kind))
    }
