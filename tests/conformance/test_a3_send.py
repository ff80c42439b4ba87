"""SQS: sending, batches, sizes, characters, attributes and their MD5s (A-24 to A-35)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.support.conformance import Make, attributes, both_protocols, receive, refused, take

MIB = 1 << 20
TRACE = {"AWSTraceHeader": {"StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793", "DataType": "String"}}


def text(value: str, kind: str = "String") -> dict[str, str]:
    return {"StringValue": value, "DataType": kind}


@pytest.mark.aws("A-24")
@both_protocols
def test_a_message_is_one_mebibyte_at_most(sqs: Any, queue: Make, name: Make) -> None:
    size = "MaximumMessageSize"
    url = queue()
    assert attributes(sqs, url, size) == {size: str(MIB)}
    sqs.send_message(QueueUrl=url, MessageBody="x" * MIB)
    (message,) = take(sqs, url)
    assert len(message["Body"]) == MIB
    assert attributes(sqs, queue(MaximumMessageSize=1024), size) == {size: "1024"}
    for refused_size in ("1023", str(MIB + 1)):
        error = refused(sqs.create_queue, QueueName=name(), Attributes={size: refused_size})
        assert (error.code, error.status) == ("InvalidAttributeValue", 400)


@pytest.mark.aws("A-24")
def test_attributes_count_in_a_messages_size(sqs: Any, queue: Make) -> None:
    url = queue()
    sent = {"name": text("value")}  # 4 + 6 (its type) + 5 bytes
    sqs.send_message(QueueUrl=url, MessageBody="x" * (MIB - 15), MessageAttributes=sent)
    error = refused(sqs.send_message, QueueUrl=url, MessageBody="x" * (MIB - 14), MessageAttributes=sent)
    assert (error.code, error.status) == ("InvalidParameterValue", 400)


@pytest.mark.aws("A-24")
def test_a_messages_size_is_that_of_its_utf_8(sqs: Any, queue: Make) -> None:
    url = queue(MaximumMessageSize=1024)
    sqs.send_message(QueueUrl=url, MessageBody="é" * 512)
    error = refused(sqs.send_message, QueueUrl=url, MessageBody="é" * 513)
    assert (error.code, error.status) == ("InvalidParameterValue", 400)


@pytest.mark.aws("A-25")
@both_protocols
@pytest.mark.parametrize("limit", [1024, MIB])
def test_a_message_over_the_queues_limit_is_refused(sqs: Any, queue: Make, limit: int) -> None:
    url = queue(MaximumMessageSize=limit)
    error = refused(sqs.send_message, QueueUrl=url, MessageBody="x" * (limit + 1))
    assert (error.code, error.status) == ("InvalidParameterValue", 400)
    assert error.message == (
        f"One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
    )


@pytest.mark.aws("A-26")
@both_protocols
def test_a_batch_over_one_mebibyte_is_refused_as_a_whole(sqs: Any, queue: Make) -> None:
    url = queue()
    bodies = ["x" * (MIB // 2), "x" * (MIB // 2 + 1)]
    error = refused(
        sqs.send_message_batch,
        QueueUrl=url,
        Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)],
    )
    assert (error.code, error.status) == ("AWS.SimpleQueueService.BatchRequestTooLong", 400)
    assert error.message == (
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."
    )
    assert receive(sqs, url) == []


@pytest.mark.aws("A-27")
@both_protocols
def test_an_entry_over_the_queues_limit_fails_alone(sqs: Any, queue: Make) -> None:
    url = queue(MaximumMessageSize=1024)
    answer = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[{"Id": "1", "MessageBody": "x" * 1025}, {"Id": "2", "MessageBody": "y"}],
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert [entry["Id"] for entry in answer["Successful"]] == ["2"]
    assert answer["Failed"] == [
        {
            "Id": "1",
            "SenderFault": True,
            "Code": "InvalidParameterValue",
            "Message": (
                "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes."
            ),
        }
    ]
    assert [m["Body"] for m in take(sqs, url)] == ["y"]


@pytest.mark.aws("A-28")
@both_protocols
@pytest.mark.parametrize("count", [11, 20])
@pytest.mark.parametrize(
    ("operation", "entry"),
    [
        ("send_message_batch", {"MessageBody": "x"}),
        ("delete_message_batch", {"ReceiptHandle": "x"}),
        ("change_message_visibility_batch", {"ReceiptHandle": "x", "VisibilityTimeout": 1}),
    ],
)
def test_a_batch_has_ten_entries_at_most(
    sqs: Any, queue: Make, operation: str, entry: dict[str, Any], count: int
) -> None:
    entries = [{"Id": str(n), **entry} for n in range(count)]
    error = refused(getattr(sqs, operation), QueueUrl=queue(), Entries=entries)
    assert (error.code, error.status) == ("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400)
    assert error.message == f"Maximum number of entries per request are 10. You have sent {count}."


@pytest.mark.aws("A-29")
@both_protocols
def test_an_empty_batch_is_refused(sqs: Any, queue: Make) -> None:
    error = refused(sqs.send_message_batch, QueueUrl=queue(), Entries=[])
    assert (error.code, error.status) == ("AWS.SimpleQueueService.EmptyBatchRequest", 400)
    assert error.message == "There should be at least one SendMessageBatchRequestEntry in the request."


@pytest.mark.aws("A-29")
@both_protocols
def test_a_batch_with_an_id_twice_is_refused(sqs: Any, queue: Make) -> None:
    entries = [{"Id": "id1", "MessageBody": "x"}, {"Id": "id1", "MessageBody": "y"}]
    error = refused(sqs.send_message_batch, QueueUrl=queue(), Entries=entries)
    assert (error.code, error.status) == ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400)
    assert error.message == "Id id1 repeated."


@pytest.mark.aws("A-29")
@both_protocols
@pytest.mark.parametrize("entry", ["a b", "a.b", "x" * 81, "é"])
def test_a_batch_with_an_id_that_is_none_is_refused(sqs: Any, queue: Make, entry: str) -> None:
    url = queue()
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "A-z_9" + "x" * 75, "MessageBody": "x"}])
    error = refused(sqs.send_message_batch, QueueUrl=url, Entries=[{"Id": entry, "MessageBody": "x"}])
    assert (error.code, error.status) == ("AWS.SimpleQueueService.InvalidBatchEntryId", 400)
    assert error.message == (
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at "
        "most 80 letters long."
    )


@pytest.mark.aws("A-30")
@both_protocols
def test_an_empty_message_is_refused(sqs: Any, queue: Make) -> None:
    error = refused(sqs.send_message, QueueUrl=queue(), MessageBody="")
    assert (error.code, error.status) == ("MissingParameter", 400)
    assert error.message == "The request must contain the parameter MessageBody."


@pytest.mark.aws("A-30")
@both_protocols
def test_an_empty_message_of_a_batch_fails_alone(sqs: Any, queue: Make) -> None:
    answer = sqs.send_message_batch(
        QueueUrl=queue(), Entries=[{"Id": "1", "MessageBody": ""}, {"Id": "2", "MessageBody": "y"}]
    )
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [("1", "EmptyValue")]
    assert [entry["Id"] for entry in answer["Successful"]] == ["2"]


ALLOWED = "\t\n\r ~\x7f\x85\ud7ff\ue000\ufffd\U00010000\U0010ffff"
NOT_ALLOWED = ["\x00", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff"]


@pytest.mark.aws("A-31")
@both_protocols
def test_every_allowed_character_arrives(sqs: Any, queue: Make) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody=ALLOWED)
    (message,) = take(sqs, url)
    assert message["Body"] == ALLOWED
    assert message["MD5OfBody"] == hashlib.md5(ALLOWED.encode()).hexdigest()  # noqa: S324 - SQS's own


@pytest.mark.aws("A-31")
@both_protocols
@pytest.mark.parametrize("character", NOT_ALLOWED)
def test_any_other_character_is_refused(sqs: Any, queue: Make, character: str) -> None:
    error = refused(sqs.send_message, QueueUrl=queue(), MessageBody=f"a{character}b")
    assert (error.code, error.status) == ("InvalidMessageContents", 400)


@pytest.mark.aws("A-31")
@both_protocols
def test_any_other_character_fails_its_entry_alone(sqs: Any, queue: Make) -> None:
    entries = [{"Id": str(n), "MessageBody": "\x00" if n == 4 else "x"} for n in range(10)]
    answer = sqs.send_message_batch(QueueUrl=queue(), Entries=entries)
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [("4", "InvalidMessageContents")]
    assert [entry["Id"] for entry in answer["Successful"]] == [str(n) for n in range(10) if n != 4]


@pytest.mark.aws("A-32")
@pytest.mark.parametrize(
    "sent",
    [
        {f"a{n}": text("x") for n in range(10)},
        {"A-z_9.x": text("x")},
        {"x" * 256: text("x")},
        {"a": text("x", "String." + "x" * 249)},
        {"a": text("9" * 38, "Number")},
        {"a": text("-1.5e10", "Number.float")},
        {"a": {"BinaryValue": b"\x00\xff", "DataType": "Binary.gif"}},
    ],
    ids=["ten", "name", "256 letters", "custom type", "38 digits", "custom number", "binary"],
)
def test_attributes_within_their_limits_arrive(sqs: Any, queue: Make, sent: dict[str, Any]) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=sent)
    (message,) = take(sqs, url, MessageAttributeNames=["All"])
    assert message["MessageAttributes"] == sent


@pytest.mark.aws("A-32")
@pytest.mark.parametrize(
    "sent",
    [
        {f"a{n}": text("x") for n in range(11)},
        {"a b": text("x")},
        {"x" * 257: text("x")},
        {"AWS.a": text("x")},
        {"amazon.a": text("x")},
        {".a": text("x")},
        {"a.": text("x")},
        {"a..b": text("x")},
        {"a": text("x", "String." + "x" * 250)},
        {"a": text("9" * 39, "Number")},
        {"a": text("\x00")},
    ],
    ids=[
        *("eleven", "space", "257 letters", "AWS", "Amazon", "leading", "trailing", "double"),
        *("long type", "39 digits", "character"),
    ],
)
def test_attributes_beyond_their_limits_are_refused(sqs: Any, queue: Make, sent: dict[str, Any]) -> None:
    error = refused(sqs.send_message, QueueUrl=queue(), MessageBody="x", MessageAttributes=sent)
    assert (error.code, error.status) == ("InvalidParameterValue", 400)


@pytest.mark.aws("A-32")
def test_an_attributes_name_type_and_value_count_in_the_size(sqs: Any, queue: Make) -> None:
    url = queue(MaximumMessageSize=1024)
    fits = {"name": text("x" * 20), "n": {"BinaryValue": b"\x00" * 10, "DataType": "Binary"}}  # 30 + 17
    sqs.send_message(QueueUrl=url, MessageBody="x" * (1024 - 47), MessageAttributes=fits)
    error = refused(sqs.send_message, QueueUrl=url, MessageBody="x" * (1024 - 46), MessageAttributes=fits)
    assert (error.code, error.status) == ("InvalidParameterValue", 400)


@pytest.mark.aws("A-33")
@both_protocols
@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (text(""), "Message (user) attribute 'X' must contain a non-empty value of type 'String'."),
        (
            text("x", "Invalid"),
            (
                "The type of message (user) attribute 'X' is invalid. You must use only the following "
                "supported type prefixes: Binary, Number, String."
            ),
        ),
    ],
    ids=["empty", "type"],
)
def test_a_bad_attribute_is_refused(sqs: Any, queue: Make, sent: dict[str, str], message: str) -> None:
    error = refused(sqs.send_message, QueueUrl=queue(), MessageBody="x", MessageAttributes={"X": sent})
    assert (error.code, error.status) == ("InvalidParameterValue", 400)
    assert error.message == message


def md5_of(sent: dict[str, dict[str, Any]]) -> str:
    """As SQS makes it: over the attributes by name, each part with its length in four bytes before it."""
    digest = hashlib.md5()  # noqa: S324 - SQS's own
    for name in sorted(sent):
        value, kind = sent[name], sent[name]["DataType"]
        content = value["BinaryValue"] if kind.startswith("Binary") else value["StringValue"].encode()
        for part in (name.encode(), kind.encode()):
            digest.update(len(part).to_bytes(4) + part)
        digest.update(b"\2" if kind.startswith("Binary") else b"\1")
        digest.update(len(content).to_bytes(4) + content)
    return digest.hexdigest()


BOOK = {"Author": text("John Grisham"), "Title": text("The Whistler"), "WeeksOn": text("6", "Number")}
BINARY: dict[str, dict[str, Any]] = {
    "b": {"BinaryValue": b"\x00\x01\xff", "DataType": "Binary.x"},
    "a": text("é"),
}


@pytest.mark.aws("A-34")
@both_protocols
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"MyAttribute": text("foobar")}, "adb59cd4678ea5a855436b949cd07ab6"),
        (BOOK, "d25a6aea97eb8f585bfa92d314504a92"),
        (BINARY, md5_of(BINARY)),
    ],
    ids=["one", "three", "binary"],
)
def test_the_md5s_are_those_that_an_sdk_computes(
    sqs: Any, queue: Make, sent: dict[str, Any], expected: str
) -> None:
    assert md5_of(sent) == expected
    url = queue()
    answer = sqs.send_message(QueueUrl=url, MessageBody="Test message.", MessageAttributes=sent)
    assert answer["MD5OfMessageBody"] == "e4e68fb7bd0e697a0ae8f1bb342846b3"
    assert answer["MD5OfMessageAttributes"] == expected
    (message,) = take(sqs, url, MessageAttributeNames=["All"])
    assert message["MD5OfBody"] == "e4e68fb7bd0e697a0ae8f1bb342846b3"
    assert message["MD5OfMessageAttributes"] == expected


@pytest.mark.aws("A-34")
@both_protocols
def test_a_received_md5_is_that_of_the_attributes_that_came(sqs: Any, queue: Make) -> None:
    url = queue(VisibilityTimeout=0)
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=BOOK)
    (message,) = take(sqs, url, MessageAttributeNames=["Title"])
    assert message["MD5OfMessageAttributes"] == md5_of({"Title": BOOK["Title"]})
    (message,) = take(sqs, url)
    assert "MD5OfMessageAttributes" not in message


@pytest.mark.aws("A-34")
def test_system_attributes_do_not_change_an_md5(sqs: Any, queue: Make) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=BOOK, MessageSystemAttributes=TRACE)
    (message,) = take(sqs, url, MessageAttributeNames=["All"], AttributeNames=["All"])
    assert message["MD5OfMessageAttributes"] == md5_of(BOOK)


@pytest.mark.aws("A-35")
@both_protocols
def test_a_trace_header_is_sent_and_not_counted(sqs: Any, queue: Make) -> None:
    url = queue(MaximumMessageSize=1024)
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1024, MessageSystemAttributes=TRACE)
    (message,) = take(sqs, url, AttributeNames=["AWSTraceHeader"])
    assert message["Attributes"] == {"AWSTraceHeader": TRACE["AWSTraceHeader"]["StringValue"]}


@pytest.mark.aws("A-35")
@both_protocols
def test_no_other_system_attribute_is_sent(sqs: Any, queue: Make) -> None:
    error = refused(
        sqs.send_message,
        QueueUrl=queue(),
        MessageBody="x",
        MessageSystemAttributes={"SenderId": text("somebody")},
    )
    assert (error.code, error.status) == ("InvalidParameterValue", 400)
