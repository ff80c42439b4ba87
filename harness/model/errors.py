"""Every error that the harness raises on purpose.

The tree::

    HarnessError                 exit code 1: the stack or a message did not do what was asked
    ├── StackError               the stack itself is wrong: synth, plan, apply
    │   ├── SynthError
    │   ├── TerraformError
    │   └── PackageError
    ├── MessageError             a message, queue or function did not do what was asked
    │   ├── NotFoundInStackError
    │   └── WaitTimeoutError
    ├── UsageError               exit code 2: a wrong option, setting or file
    │   ├── OperationsFileError
    │   └── LedgerFileError
    └── PrerequisiteError        exit code 3: something is missing or broken on this machine
        ├── TerraformMissingError
        ├── RuntimeMissingError
        ├── InstallationError    the emulator's environment cannot be made
        ├── EngineError          no container engine, or one that refuses
        │   └── ImageMissingError
        ├── EmulatorError
        │   ├── EndpointError
        │   ├── VersionMismatchError  client and emulator do not fit
        │   ├── PortTakenError
        │   └── TokenMissingError
        ├── AwsAccessError
        └── NoEnvironmentError
"""

from __future__ import annotations

from typing import Any


class HarnessError(Exception):
    """Something a user can act on.

    Args:
        message: What was wrong, and where; full sentences without a trailing newline.
        hint: The command or the change that mends it.
        detail: Output of the program that failed (Terraform's error, the emulator's log), shown as it is.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, detail: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail

    def __str__(self) -> str:
        return "\n".join(part for part in (self.message, self.detail, self.hint) if part)

    def as_json(self) -> dict[str, object]:
        """What `--json` prints for this error."""
        return {
            "error": {
                "type": type(self).__name__,
                "message": self.message,
                "hint": self.hint,
                "detail": self.detail,
            },
            "exit_code": self.exit_code,
        }


class StackError(HarnessError):
    """The stack itself is wrong."""


class SynthError(StackError):
    """The CDKTF app failed, or synthesized no stack that can be used."""


class TerraformError(StackError):
    """Terraform refused the stack; `detail` holds its own error text."""


class PackageError(StackError):
    """A deployment package cannot be made or read."""


class MessageError(HarnessError):
    """A message, queue or function did not do what was asked."""


class NotFoundInStackError(MessageError):
    """No queue, function or output of that construct id or AWS name is in the stack."""


class WaitTimeoutError(MessageError):
    """What was waited for did not happen in time.

    Args:
        message: What was waited for, how long, and what the queue's counters say.
        hint: As in `HarnessError`.
        detail: As in `HarnessError`.
        received: What did come, where some of it did.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        detail: str | None = None,
        received: tuple[Any, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.received = received


class UsageError(HarnessError):
    """A wrong option, setting or file."""

    exit_code = 2


class OperationsFileError(UsageError):
    """A line of an operations file cannot be sent; nothing of the file was sent."""


class LedgerFileError(UsageError):
    """A kept ledger cannot be read, or is of another version."""


class PrerequisiteError(HarnessError):
    """Something is missing or broken on this machine."""

    exit_code = 3


class TerraformMissingError(PrerequisiteError):
    """No Terraform, or one that is too old."""


class RuntimeMissingError(PrerequisiteError):
    """No Python interpreter for a function's runtime."""


class InstallationError(PrerequisiteError):
    """The emulator's Python environment cannot be made."""


class EngineError(PrerequisiteError):
    """No container engine answers, this user may not use it, or it refused."""


class ImageMissingError(EngineError):
    """The container's image is not on this machine, and cannot be had."""


class EmulatorError(PrerequisiteError):
    """The emulator did not start, or died."""


class EndpointError(EmulatorError):
    """The endpoint that was named does not answer, or is not AWS's API."""


class VersionMismatchError(EmulatorError):
    """The emulator's control API has another version than the client's."""


class PortTakenError(EmulatorError):
    """Another process listens on the port that was asked for."""


class TokenMissingError(EmulatorError):
    """An image that wants a token of its vendor ended, without one or with one that it refused."""


class AwsAccessError(PrerequisiteError):
    """The host's AWS credentials are missing, have expired, or are not of the account that is allowed."""


class NoEnvironmentError(PrerequisiteError):
    """A command needs an environment, and none is up."""
