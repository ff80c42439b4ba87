"""Resource types whose names AWS keeps unique in an account: what each is called, how long that may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Named:
    """How resources of one type are named.

    Attributes:
        service: As in the resource's ARN.
        attribute: Holds the name.
        longest: Characters that AWS allows.
        beginning: Holds the beginning of a name that the provider completes, None where there is no such.
        completed: Characters that the provider adds to that beginning.
        inside: What a name may begin with before its own part, such as `alias/`.
        path: Whether names may be paths (`/aws/lambda/NAME`).
    """

    service: str
    attribute: str
    longest: int
    beginning: str | None = None
    completed: int = 26
    inside: str = ""
    path: bool = False


NAMED = {
    "aws_sqs_queue": Named("sqs", "name", 80, "name_prefix"),
    "aws_lambda_function": Named("lambda", "function_name", 64),
    "aws_lambda_layer_version": Named("lambda", "layer_name", 140),
    "aws_iam_role": Named("iam", "name", 64, "name_prefix"),
    "aws_iam_policy": Named("iam", "name", 128, "name_prefix"),
    "aws_iam_user": Named("iam", "name", 64),
    "aws_iam_group": Named("iam", "name", 128),
    "aws_iam_instance_profile": Named("iam", "name", 128, "name_prefix"),
    "aws_cloudwatch_log_group": Named("logs", "name", 512, "name_prefix", path=True),
    "aws_cloudwatch_metric_alarm": Named("cloudwatch", "alarm_name", 255),
    "aws_cloudwatch_dashboard": Named("cloudwatch", "dashboard_name", 255),
    "aws_cloudwatch_event_rule": Named("events", "name", 64, "name_prefix"),
    "aws_cloudwatch_event_bus": Named("events", "name", 256),
    "aws_sns_topic": Named("sns", "name", 256, "name_prefix"),
    "aws_s3_bucket": Named("s3", "bucket", 63, "bucket_prefix"),
    "aws_dynamodb_table": Named("dynamodb", "name", 255),
    "aws_kinesis_stream": Named("kinesis", "name", 128),
    "aws_kinesis_firehose_delivery_stream": Named("firehose", "name", 64),
    "aws_sfn_state_machine": Named("states", "name", 80, "name_prefix"),
    "aws_scheduler_schedule": Named("scheduler", "name", 64, "name_prefix"),
    "aws_scheduler_schedule_group": Named("scheduler", "name", 64, "name_prefix"),
    "aws_pipes_pipe": Named("pipes", "name", 64, "name_prefix"),
    "aws_kms_alias": Named("kms", "name", 256, "name_prefix", inside="alias/"),
    "aws_secretsmanager_secret": Named("secretsmanager", "name", 512, "name_prefix"),
    "aws_ssm_parameter": Named("ssm", "name", 1011, path=True),
    "aws_ecr_repository": Named("ecr", "name", 256),
}
"""Names that are unique within another resource only (an alias of a function, an inline policy of a role) are
not here: they meet nobody."""
