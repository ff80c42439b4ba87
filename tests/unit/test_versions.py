from __future__ import annotations

from importlib.metadata import version

import pytest

from harness.environments.versions import check_versions
from harness.model.control_api import CONTROL_API_VERSION
from harness.model.environment import RunningEnvironment
from harness.model.errors import VersionMismatchError

URL = "http://127.0.0.1:4566"
RELEASE = version("sqs-lambda-harness")
OTHER = CONTROL_API_VERSION + 1


def environment(
    *, api: int = OTHER, control: bool = True, container: str = "", on_aws: bool = False, shared: bool = False
) -> RunningEnvironment:
    return RunningEnvironment(
        "id",
        "any",
        URL,
        4711,
        1.0,
        2.0,
        "",
        "detached",
        (),
        container,
        control,
        api=api,
        emulator="9.9",
        on_aws=on_aws,
        shared=shared,
    )


@pytest.mark.parametrize(
    "fits",
    [
        environment(api=CONTROL_API_VERSION),
        environment(shared=True, control=False, api=0),  # unmodified LocalStack has no control API
        environment(on_aws=True, api=0),
    ],
)
def test_an_emulator_that_fits_is_used(fits: RunningEnvironment) -> None:
    check_versions(fits)


@pytest.mark.parametrize(
    ("found", "fresh", "command"),
    [
        (environment(), False, "harness down && harness up"),
        (environment(), True, "unset HARNESS_EMULATOR_FROM"),
        (environment(container="harness-1"), True, f"HARNESS_IMAGE=sqs-lambda-harness:{RELEASE} harness up"),
        (environment(shared=True), True, "pip install sqs-lambda-harness==9.9"),
        (environment(shared=True), False, "pip install sqs-lambda-harness==9.9"),
    ],
)
def test_one_that_does_not_fit_is_refused_with_the_command_that_helps(
    found: RunningEnvironment, *, fresh: bool, command: str
) -> None:
    with pytest.raises(VersionMismatchError) as raised:
        check_versions(found, fresh=fresh)

    assert command in (raised.value.hint or "")
    assert all(part in raised.value.message for part in (URL, "9.9", f"control API {OTHER}", RELEASE))
