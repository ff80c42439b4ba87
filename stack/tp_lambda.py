"""The stack `tp_lambda`: operations in one queue, results in another, the calculator between them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cdktf import AssetType, TerraformAsset, TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.lambda_event_source_mapping import (
    LambdaEventSourceMapping,
    LambdaEventSourceMappingFilterCriteria,
    LambdaEventSourceMappingFilterCriteriaFilter,
    LambdaEventSourceMappingScalingConfig,
)
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue

if TYPE_CHECKING:
    from constructs import Construct

    from stack.settings import StackSettings


class TpLambda(TerraformStack):
    """The lab's stack; `settings` turn its variations on."""

    def __init__(self, scope: Construct, id_: str, settings: StackSettings) -> None:
        super().__init__(scope, id_)
        AwsProvider(self, "AWS", region="us-east-1")
        caller_identity = DataAwsCallerIdentity(self, "CurrentIdentity")

        input_queue = self._queue(
            "InputQueue",
            "calculatrice-input-queue",
            settings,
            visibility_timeout=settings.visibility_timeout,
            redrive_policy=self._redrive_policy(settings),
        )
        output_queue = self._queue("OutputQueue", "calculatrice-output-queue", settings)

        code = TerraformAsset(self, "code", path=settings.zip_path, type=AssetType.FILE)
        variables = {"OUTPUT_QUEUE_URL": output_queue.url}
        if settings.report_batch_item_failures:
            variables["REPORT_BATCH_ITEM_FAILURES"] = "true"
        calculator = LambdaFunction(
            self,
            "CalculatorLambda",
            function_name="calculatrice",
            runtime=settings.runtime,
            memory_size=128,
            timeout=settings.function_timeout,
            handler="lambda_function.lambda_handler",
            source_code_hash=code.asset_hash,
            filename=code.path,
            role=f"arn:aws:iam::{caller_identity.account_id}:role/LabRole",
            environment={"variables": variables},
            depends_on=[input_queue, output_queue],
        )
        self._mapping(input_queue, calculator, settings)

    def _queue(
        self,
        id_: str,
        name: str,
        settings: StackSettings,
        *,
        visibility_timeout: int | None = None,
        redrive_policy: str | None = None,
    ) -> SqsQueue:
        return SqsQueue(
            self,
            id_,
            name=f"{name}.fifo" if settings.fifo else name,
            fifo_queue=True if settings.fifo else None,
            visibility_timeout_seconds=visibility_timeout,
            redrive_policy=redrive_policy,
        )

    def _redrive_policy(self, settings: StackSettings) -> str | None:
        if settings.max_receive_count is None:
            return None
        dead_letters = self._queue("DeadLetterQueue", "calculatrice-dead-letter-queue", settings)
        return json.dumps(
            {"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": settings.max_receive_count},
        )

    def _mapping(self, queue: SqsQueue, function: LambdaFunction, settings: StackSettings) -> None:
        concurrency, pattern = settings.maximum_concurrency, settings.filter_pattern
        LambdaEventSourceMapping(
            self,
            "event_source_mapping",
            event_source_arn=queue.arn,
            function_name=function.arn,
            batch_size=settings.batch_size,
            maximum_batching_window_in_seconds=settings.batching_window,
            function_response_types=(
                ["ReportBatchItemFailures"] if settings.report_batch_item_failures else None
            ),
            scaling_config=(
                LambdaEventSourceMappingScalingConfig(maximum_concurrency=concurrency)
                if concurrency is not None
                else None
            ),
            filter_criteria=(
                LambdaEventSourceMappingFilterCriteria(
                    filter=[LambdaEventSourceMappingFilterCriteriaFilter(pattern=pattern)]
                )
                if pattern is not None
                else None
            ),
        )
