"""Routes beside the API: looking into a queue, and a queue's URL as an endpoint of the query protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localstack.aws.protocol.parser import RequestParserError, create_parser
from localstack.aws.spec import load_service
from localstack.http import Response, route
from localstack.services.sqs import query_api
from localstack.services.sqs.developer_api import SqsDeveloperApi, get_sqs_protocol
from werkzeug.exceptions import NotFound

from harness_emulator.localstack.waiting_calls import work_until_settled
from harness_emulator.sqs.message import MessageState

if TYPE_CHECKING:
    from localstack.http import Request

    from harness_emulator.sqs.queue import HarnessQueue

_QUEUE = '/<regex("[0-9]{12}"):account_id>/<regex("[a-zA-Z0-9_-]+(.fifo)?"):queue_name>'
_SHOWN_HANDLE = "SQS/BACKDOOR/ACCESS"
_ALL = ("All",)


class DeveloperApi(SqsDeveloperApi):
    """`/_aws/sqs/messages`, as LocalStack's: what a queue holds, without a receive."""

    @route("/_aws/sqs/messages", methods=["GET", "POST"])  # type: ignore[untyped-decorator]  # LocalStack has no types
    def list_messages(self, request: Request) -> Response:
        """For a queue's URL; what cannot be read is refused, and no internal error."""
        if "x-amz-" in request.mimetype or "x-www-form-urlencoded" in request.mimetype:
            try:
                create_parser(load_service("sqs", protocol=get_sqs_protocol(request))).parse(request)
            except RequestParserError as error:
                refused = Response(status=400)
                refused.set_json({"message": str(error)})
                return refused
        return super().list_messages(request)

    def _collect_messages(
        self,
        queue: HarnessQueue,
        show_invisible: bool = False,  # noqa: FBT001, FBT002 - LocalStack's signature
        show_delayed: bool = False,  # noqa: FBT001, FBT002 - the same
    ) -> list[dict[str, Any]]:
        work_until_settled(queue.account_id)
        shown = []
        for message, state, blocked in queue.look():
            hidden = state is MessageState.IN_FLIGHT or blocked
            if (hidden and not show_invisible) or (state is MessageState.DELAYED and not show_delayed):
                continue
            document = {**message.show(_ALL, _ALL), "ReceiptHandle": _SHOWN_HANDLE}
            if show_invisible:
                document["Attributes"]["IsVisible"] = str(state is not MessageState.IN_FLIGHT).lower()
            if show_delayed:
                document["Attributes"]["IsDelayed"] = str(state is MessageState.DELAYED).lower()
            shown.append(document)
        return shown


@route(_QUEUE, methods=["POST", "GET"])  # type: ignore[untyped-decorator]  # LocalStack has no types
def queue_as_endpoint(request: Request, **_: str) -> Response:
    """A request to a queue's URL (A-55).

    LocalStack sends it to itself once more, as a request for the API; here the API takes it as it is.
    """
    if request.headers.get("Content-Type", "").lower() == "application/x-amz-json-1.0":
        raise NotFound
    if "X-Amz-Credential" in request.args:
        # A signed link: its region is found there only.
        return query_api.handle_request(request, request.args["X-Amz-Credential"].split("/")[2])
    action = request.values.get("Action")
    if not action:
        return Response("<UnknownOperationException/>", 404)
    if action in {"ListQueues", "CreateQueue"} or action not in query_api.service.operation_names:
        return query_api.serializer.serialize_error_to_response(
            query_api.InvalidAction(action),
            query_api.service.operation_model(query_api.service.operation_names[0]),
            request.headers,
            "",
        )
    raise NotFound
