from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness_emulator.localstack.patching import Patch, replace_all


def test_a_patch_replaces_the_name() -> None:
    class Owner:
        def answer(self) -> int:
            return 1

    def doubled(original: Any) -> Any:
        return lambda self: original(self) + 1

    replace_all([Patch(Owner, "answer", doubled, "One is too few.")])
    assert Owner().answer() == 2


def test_a_name_that_is_not_there_is_an_error() -> None:
    owner = SimpleNamespace(__name__="localstack.moved")
    with pytest.raises(AttributeError, match=r"LocalStack has no localstack\.moved\.gone to patch"):
        replace_all([Patch(owner, "gone", lambda original: original, "It moved.")])
