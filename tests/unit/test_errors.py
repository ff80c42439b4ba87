from __future__ import annotations

import inspect

import pytest

from harness.model import errors
from harness.model.errors import (
    HarnessError,
    MessageError,
    PrerequisiteError,
    StackError,
    UsageError,
    WaitTimeoutError,
)

EVERY_ERROR = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, HarnessError)
]


@pytest.mark.parametrize(
    ("root", "exit_code"),
    [(HarnessError, 1), (StackError, 1), (MessageError, 1), (UsageError, 2), (PrerequisiteError, 3)],
)
def test_every_error_of_a_kind_has_its_exit_code(root: type[HarnessError], exit_code: int) -> None:
    family = [kind for kind in EVERY_ERROR if issubclass(kind, root)]
    if root is HarnessError:
        family = [HarnessError]
    assert family
    assert {kind.exit_code for kind in family} == {exit_code}


def test_the_docstring_shows_the_whole_tree() -> None:
    assert errors.__doc__ is not None
    for kind in EVERY_ERROR:
        assert kind.__name__ in errors.__doc__


def test_text_is_message_detail_and_hint() -> None:
    assert str(HarnessError("What.", hint="Mend.", detail="Output")) == "What.\nOutput\nMend."
    assert str(HarnessError("What.")) == "What."


def test_json_names_type_message_hint_detail_and_exit_code() -> None:
    assert UsageError("What.", hint="Mend.").as_json() == {
        "error": {"type": "UsageError", "message": "What.", "hint": "Mend.", "detail": None},
        "exit_code": 2,
    }


def test_a_wait_in_vain_holds_what_came() -> None:
    assert WaitTimeoutError("Late.", received=("a",)).received == ("a",)
    assert WaitTimeoutError("Late.", detail="log").received == ()
