"""How the calculator sends its results, shown with a stand-in for the SQS client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import lambda_function

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "http://127.0.0.1:4566/000000000000/results"
Entry = dict[str, str]


class RecordingClient:
    """Keeps the calls; fails as `fail` says for one call's entries."""

    def __init__(self, fail: Callable[[list[Entry]], list[Entry]]) -> None:
        self.calls: list[list[Entry]] = []
        self._fail = fail

    def send_message_batch(self, **arguments: Any) -> dict[str, Any]:
        assert set(arguments) == {"QueueUrl", "Entries"}
        entries: list[Entry] = arguments["Entries"]
        self.calls.append(entries)
        failed = self._fail(entries)
        return {
            "Successful": [{"Id": entry["Id"]} for entry in entries if entry not in failed],
            "Failed": [
                {"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in failed
            ],
        }

    @property
    def sent(self) -> list[Entry]:
        return [entry for call in self.calls for entry in call]

    @property
    def results(self) -> list[dict[str, Any]]:
        return [json.loads(entry["MessageBody"]) for entry in self.sent]


@pytest.fixture
def use_client(monkeypatch: pytest.MonkeyPatch) -> Callable[..., RecordingClient]:
    def use(fail: Callable[[list[Entry]], list[Entry]] = lambda _: [], url: str = URL) -> RecordingClient:
        client = RecordingClient(fail)
        monkeypatch.setattr(lambda_function, "sqs", lambda: client)
        monkeypatch.setenv("OUTPUT_QUEUE_URL", url)
        monkeypatch.delenv("REPORT_BATCH_ITEM_FAILURES", raising=False)
        return client

    return use


def event(count: int, **attributes: str) -> dict[str, Any]:
    bodies = (json.dumps({"operation": "add", "a": number, "b": 1}) for number in range(count))
    return {
        "Records": [
            {"messageId": f"id-{number}", "body": body, "attributes": attributes}
            for number, body in enumerate(bodies)
        ]
    }


def identifiers(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def test_one_result_per_record(
    use_client: Callable[..., RecordingClient], capsys: pytest.CaptureFixture[str]
) -> None:
    client = use_client()
    assert lambda_function.lambda_handler(event(3), None) == {"batchItemFailures": []}
    expected = [
        {"operation": "add", "a": n, "b": 1, "result": n + 1, "messageId": f"id-{n}"} for n in range(3)
    ]
    assert client.results == expected
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == expected


def test_no_records_send_nothing(use_client: Callable[..., RecordingClient]) -> None:
    client = use_client()
    assert lambda_function.lambda_handler({"Records": []}, None) == {"batchItemFailures": []}
    assert client.calls == []


def test_a_call_has_at_most_ten_entries(use_client: Callable[..., RecordingClient]) -> None:
    client = use_client()
    lambda_function.lambda_handler(event(25), None)
    assert [len(call) for call in client.calls] == [10, 10, 5]
    assert [result["messageId"] for result in client.results] == [f"id-{number}" for number in range(25)]
    for call in client.calls:
        assert len({entry["Id"] for entry in call}) == len(call)


def test_a_call_has_at_most_one_mebibyte() -> None:
    quarter = "x" * 262_144
    assert list(lambda_function.chunks([quarter] * 4)) == [[0, 1, 2, 3]]
    assert list(lambda_function.chunks([quarter] * 3 + [quarter + "x"])) == [[0, 1, 2], [3]]
    assert list(lambda_function.chunks(["é" * 524_288, "x"])) == [[0], [1]]


def test_an_error_result_is_sent_and_disturbs_no_other(use_client: Callable[..., RecordingClient]) -> None:
    client = use_client()
    records = event(3)
    records["Records"][1]["body"] = "no JSON"
    assert lambda_function.lambda_handler(records, None) == {"batchItemFailures": []}
    assert [("error" in result, result["messageId"]) for result in client.results] == [
        (False, "id-0"),
        (True, "id-1"),
        (False, "id-2"),
    ]


def test_a_failed_entry_raises_the_batch_back(use_client: Callable[..., RecordingClient]) -> None:
    use_client(lambda entries: [entry for entry in entries if entry["Id"] == "1"])
    with pytest.raises(
        lambda_function.UndeliveredError, match="1 of 3 results were not delivered: InternalError"
    ):
        lambda_function.lambda_handler(event(3), None)


@pytest.mark.parametrize("value", ["false", "", "1"])
def test_only_true_turns_partial_failures_on(
    use_client: Callable[..., RecordingClient], monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    use_client(lambda entries: entries)
    monkeypatch.setenv("REPORT_BATCH_ITEM_FAILURES", value)
    with pytest.raises(lambda_function.UndeliveredError):
        lambda_function.lambda_handler(event(3), None)


def test_only_the_affected_items_are_returned(
    use_client: Callable[..., RecordingClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = use_client(lambda entries: [entry for entry in entries if entry["Id"] in {"3", "14"}])
    monkeypatch.setenv("REPORT_BATCH_ITEM_FAILURES", "true")
    assert identifiers(lambda_function.lambda_handler(event(20), None)) == ["id-3", "id-14"]
    assert len(client.sent) == 20


def test_a_call_that_raises_leaves_the_other_calls_alone(
    use_client: Callable[..., RecordingClient],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(entries: list[Entry]) -> list[Entry]:
        if entries[0]["Id"] == "10":
            raise ConnectionError("the queue hung up")
        return []

    client = use_client(fail)
    monkeypatch.setenv("REPORT_BATCH_ITEM_FAILURES", "true")
    answer = lambda_function.lambda_handler(event(30), None)
    assert identifiers(answer) == [f"id-{number}" for number in range(10, 20)]
    assert [len(call) for call in client.calls] == [10, 10, 10]
    assert "the queue hung up" in capsys.readouterr().out


def test_a_call_that_raises_raises_the_batch_back(use_client: Callable[..., RecordingClient]) -> None:
    def fail(_: list[Entry]) -> list[Entry]:
        raise ConnectionError("the queue hung up")

    use_client(fail)
    with pytest.raises(
        lambda_function.UndeliveredError, match=r"2 of 2 .* ConnectionError: the queue hung up"
    ):
        lambda_function.lambda_handler(event(2), None)


def test_a_fifo_queue_gets_group_and_deduplication_id(use_client: Callable[..., RecordingClient]) -> None:
    client = use_client(url=f"{URL}.fifo")
    lambda_function.lambda_handler(event(2, MessageGroupId="sums"), None)
    assert [(entry["MessageGroupId"], entry["MessageDeduplicationId"]) for entry in client.sent] == [
        ("sums", "id-0"),
        ("sums", "id-1"),
    ]


def test_from_a_standard_to_a_fifo_queue_each_result_is_its_own_group(
    use_client: Callable[..., RecordingClient],
) -> None:
    client = use_client(url=f"{URL}.fifo")
    lambda_function.lambda_handler(event(2), None)
    assert [entry["MessageGroupId"] for entry in client.sent] == ["id-0", "id-1"]


def test_a_standard_queue_gets_neither(use_client: Callable[..., RecordingClient]) -> None:
    client = use_client()
    lambda_function.lambda_handler(event(1, MessageGroupId="sums"), None)
    assert set(client.sent[0]) == {"Id", "MessageBody"}


def test_on_a_fifo_queue_nothing_overtakes_a_failed_result(
    use_client: Callable[..., RecordingClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = use_client(lambda entries: entries[4:5], url=f"{URL}.fifo")
    monkeypatch.setenv("REPORT_BATCH_ITEM_FAILURES", "true")
    answer = lambda_function.lambda_handler(event(15, MessageGroupId="sums"), None)
    assert identifiers(answer) == ["id-4", *(f"id-{number}" for number in range(10, 15))]
    assert len(client.calls) == 1


def test_the_client_reads_its_endpoint_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4599")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    client = lambda_function.sqs.__wrapped__()
    assert client.meta.endpoint_url == "http://127.0.0.1:4599"
    assert client.meta.region_name == "eu-west-3"
