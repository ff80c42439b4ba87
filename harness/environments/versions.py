"""Refuses an emulator whose control API this client does not know."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from harness.installation import SOURCE_VARIABLE
from harness.model.control_api import CONTROL_API_VERSION
from harness.model.errors import VersionMismatchError

if TYPE_CHECKING:
    from harness.model.environment import RunningEnvironment

_CLIENT = "sqs-lambda-harness"


def check_versions(environment: RunningEnvironment, *, fresh: bool = False) -> None:
    """Compare the version of the environment's control API with this client's.

    Args:
        environment: Where the stack is to be, or is.
        fresh: Whether it was started just now: starting it once more would then give the same one.

    Raises:
        VersionMismatchError: They differ.
    """
    if not environment.control or environment.on_aws or environment.api == CONTROL_API_VERSION:
        return
    release = version(_CLIENT)
    raise VersionMismatchError(
        f"The emulator at {environment.address} ({environment.holder}) is version "
        f"{environment.emulator or 'unknown'} with control API {environment.api}; this client is {_CLIENT} "
        f"{release} and needs control API {CONTROL_API_VERSION}.",
        hint=_hint(environment, release, fresh=fresh),
    )


def _hint(environment: RunningEnvironment, release: str, *, fresh: bool) -> str:
    if environment.shared:
        other = f", or install its client: pip install {_CLIENT}=={environment.emulator}"
        return f"Start version {release} of the emulator there{other if environment.emulator else ''}."
    if not fresh:
        return "Stop it and start one that fits: harness down && harness up."
    if environment.container:
        return f"Use the image of this version: HARNESS_IMAGE={_CLIENT}:{release} harness up."
    return (
        f"Install the emulator of this version: unset {SOURCE_VARIABLE}, or let it name version {release}; "
        "then `harness up` again."
    )
