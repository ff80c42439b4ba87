"""LocalStack's Lambda provider, stricter: the event source mappings of SQS queues are the harness's own.

Selected by PROVIDER_OVERRIDE_LAMBDA=harness (entry point `lambda:harness`).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from localstack.aws.api import handler
from localstack.aws.api.lambda_ import InvocationType
from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.plugins import Service, aws_provider

from harness_emulator.account import ACCOUNTS
from harness_emulator.localstack.function_provider import FunctionProvider
from harness_emulator.mapping import control
from harness_emulator.mapping.life import WORKERS
from harness_emulator.mapping.limits import check_source

if TYPE_CHECKING:
    from localstack.aws.api import RequestContext


LOG = logging.getLogger(__name__)


class CountedLambdaService(LambdaService):
    """Functions' service, which lets an account's activity know what runs."""

    def invoke(self, *arguments: Any, **named: Any) -> Any:
        """Run a function, or put an event into its queue; until it has ended, the account has not settled."""
        account, name = named["account_id"], named["function_name"]
        if named.get("invocation_type") == InvocationType.Event:
            # Until the event's first attempt has ended (harness_emulator.localstack.patches).
            ACCOUNTS.of(account).activity.begin(named["request_id"], f"{name} has an event to handle")
            try:
                return super().invoke(*arguments, **named)
            except BaseException:
                ACCOUNTS.of(account).activity.end(named["request_id"])
                raise
        with ACCOUNTS.of(account).activity.running(f"{name} runs"):
            return super().invoke(*arguments, **named)

    def stop_version(self, qualified_arn: str) -> None:
        """Stop what runs of a version, if anything does: one that could not be made is deleted like any."""
        try:
            super().stop_version(qualified_arn)
        except ValueError:
            LOG.debug("Nothing runs of %s.", qualified_arn)


class HarnessLambdaProvider(FunctionProvider):
    """Lambda with the harness's mappings of SQS queues; other event sources are LocalStack's."""

    def __init__(self) -> None:
        super().__init__()
        self.router.lambda_service = self.lambda_service = CountedLambdaService()

    def on_before_state_reset(self) -> None:
        """All mappings end."""
        self._end_mappings()
        super().on_before_state_reset()

    def on_after_state_reset(self) -> None:
        """Begin anew."""
        self.router.lambda_service = self.lambda_service = CountedLambdaService()

    def on_before_stop(self) -> None:
        """The emulator ends."""
        self._end_mappings()
        super().on_before_stop()

    @handler("CreateEventSourceMapping", expand=False)  # type: ignore[untyped-decorator] # LocalStack has no types
    def create_event_source_mapping(self, context: RequestContext, request: Any) -> Any:
        """Rows B-01, B-03, B-08 to B-14, B-17 to B-19, B-44, B-47, B-52, B-54."""
        source = request.get("EventSourceArn")
        if not control.is_about_sqs(source):
            check_source(source)
            return super().create_event_source_mapping(context, request)
        answer = control.create(context, request)
        if tags := request.get("Tags"):
            self._store_tags(answer["EventSourceMappingArn"], tags)
        return answer

    @handler("UpdateEventSourceMapping", expand=False)  # type: ignore[untyped-decorator] # the same
    def update_event_source_mapping(self, context: RequestContext, request: Any) -> Any:
        """The same, and rows B-03, B-06, B-07."""
        if request.get("UUID") in self.esm_workers:
            return super().update_event_source_mapping(context, request)
        return control.update(context, request)

    def delete_event_source_mapping(self, context: RequestContext, uuid: str, **named: Any) -> Any:
        """Rows B-05 to B-07."""
        if uuid in self.esm_workers:
            return super().delete_event_source_mapping(context, uuid, **named)
        answer = control.delete(context, uuid)
        self._remove_all_tags(answer["EventSourceMappingArn"])
        return answer

    def get_event_source_mapping(self, context: RequestContext, uuid: str, **named: Any) -> Any:
        """Rows B-02, B-07."""
        mapping = control.find(context, uuid)
        if mapping is None:
            return super().get_event_source_mapping(context, uuid, **named)
        return mapping.configuration

    def _end_mappings(self) -> None:
        for mapping in list(WORKERS.values()):
            mapping.stop_for_shutdown()
        WORKERS.clear()


@aws_provider(api="lambda", name="harness")  # type: ignore[untyped-decorator] # the same
def lambda_harness() -> Service:
    """The entry point."""
    return Service.for_provider(HarnessLambdaProvider())
