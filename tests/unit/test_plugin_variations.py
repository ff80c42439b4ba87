from __future__ import annotations

import pytest

from harness.model.environment import DEFAULT_ACCOUNT, own_account
from harness.model.errors import UsageError
from harness.testing.variations import Variation


def test_the_stack_as_it_is_has_the_default_account() -> None:
    assert own_account(Variation().seed()).account == DEFAULT_ACCOUNT


def test_each_variation_and_each_worker_has_an_account_of_its_own() -> None:
    variations = [Variation(), Variation.of({"A": "1"}), Variation.of({"A": "2"}), Variation.of({"B": "1"})]
    accounts = {own_account(v.seed(worker)).account for v in variations for worker in (None, "gw0", "gw1")}
    assert len(accounts) == 12
    assert all(len(account) == 12 and account.isdecimal() for account in accounts)


def test_an_account_is_the_same_in_each_run_and_for_each_order_of_names() -> None:
    assert Variation.of({"A": "1", "B": "2"}).seed() == Variation.of({"B": "2", "A": "1"}).seed()
    assert own_account(Variation.of({"BATCH_SIZE": "1"}).seed()).account == "142307497604"


def test_the_closer_marker_wins() -> None:
    closest = pytest.mark.stack_settings(A="1").mark
    farther = pytest.mark.stack_settings(A="2", B="3").mark
    assert Variation.of_markers([closest, farther]) == Variation.of({"A": "1", "B": "3"})


@pytest.mark.parametrize(
    ("marker", "names"),
    [
        (pytest.mark.stack_settings(BATCH_SIZE=1), "BATCH_SIZE"),
        (pytest.mark.stack_settings({"BATCH_SIZE": "1"}), "{'BATCH_SIZE': '1'}"),
    ],
)
def test_a_marker_that_is_no_text_by_name_is_refused(marker: pytest.MarkDecorator, names: str) -> None:
    with pytest.raises(UsageError, match="takes environment variables") as error:
        Variation.of_markers([marker.mark])
    assert names in str(error.value)


def test_a_variation_reads_as_its_settings() -> None:
    assert str(Variation.of({"B": "2", "A": "1"})) == "A=1, B=2"
    assert str(Variation()) == "as it is"
