from __future__ import annotations

import pytest

from tests.support.mapped import MakeMapped, Mapped, bodies_of
from tests.support.queues import made_again
from tests.support.waiting import eventually

pytestmark = pytest.mark.only_on("embedded", "container")


@pytest.fixture
def mapped(make_mapped: MakeMapped) -> Mapped:
    mapped = make_mapped()
    mapped.until("Enabled")
    return mapped


def test_a_disabled_mapping_reads_nothing_until_it_is_enabled(mapped: Mapped) -> None:
    mapped.functions.update_event_source_mapping(UUID=mapped.uuid, Enabled=False)
    mapped.until("Disabled")
    mapped.send("later")
    assert mapped.counts(mapped.input) == (1, 0)
    mapped.functions.update_event_source_mapping(UUID=mapped.uuid, Enabled=True)
    assert bodies_of(mapped.told(1)[0]) == ["later"]
    mapped.until("Enabled")


def test_an_updated_mapping_uses_its_new_settings(mapped: Mapped) -> None:
    mapped.functions.update_event_source_mapping(UUID=mapped.uuid, BatchSize=1)
    mapped.send("a", "b")
    assert sorted(bodies_of(records) for records in mapped.told(2)) == [["a"], ["b"]]
    mapped.until("Enabled")


@pytest.mark.parametrize("enabled", [True, False])
def test_a_deleted_mapping_is_gone_and_can_be_made_again(mapped: Mapped, *, enabled: bool) -> None:
    if not enabled:
        mapped.functions.update_event_source_mapping(UUID=mapped.uuid, Enabled=False)
        mapped.until("Disabled")
    mapped.functions.delete_event_source_mapping(UUID=mapped.uuid)
    assert eventually(lambda: not mapped.functions.list_event_source_mappings()["EventSourceMappings"])
    mapped.send("for the next")
    assert mapped.counts(mapped.input) == (1, 0)
    mapped.uuid = mapped.map()
    assert bodies_of(mapped.told(1)[0]) == ["for the next"]


def test_a_mapping_finds_its_queue_again_when_that_was_made_anew(mapped: Mapped) -> None:
    mapped.sqs.delete_queue(QueueUrl=mapped.input)
    made_again(mapped.sqs, mapped.account, "in")
    mapped.send("x")
    assert bodies_of(mapped.told(1)[0]) == ["x"]


def test_messages_sent_before_the_mapping_are_read(make_mapped: MakeMapped) -> None:
    mapped = make_mapped(mapping=None)
    mapped.send("early")
    mapped.map()
    assert bodies_of(mapped.told(1)[0]) == ["early"]
