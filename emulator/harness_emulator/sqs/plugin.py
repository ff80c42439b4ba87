"""How LocalStack finds the provider: by an entry point, selected by PROVIDER_OVERRIDE_SQS=harness."""

from __future__ import annotations

from typing import Any

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="sqs", name="harness")  # type: ignore[untyped-decorator]  # LocalStack has no types
def sqs_harness() -> Any:
    """The service with our provider; imported when it is selected."""
    from harness_emulator.sqs.provider import HarnessSqsProvider  # noqa: PLC0415 - takes its time

    return Service.for_provider(HarnessSqsProvider())
