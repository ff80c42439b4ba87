"""Valid requests made invalid: a seed and a number always give the same one."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from tests.fuzz.wire import Request, is_token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fuzz.valid import Call

DEEP = 20_000
"""Levels of nesting: more than a parser that calls itself can go down."""
LARGE = 1_200_000
"""Characters: more than a message may have."""

MOST = 3_000_000
"""Characters of what is repeated."""

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, -(2**63), 10**400, 1.5, -0.0, 1e308, 1e-9),
    *(float("nan"), float("inf"), float("-inf")),
    *("", " ", "0", "-1", "1e3", "0x10", "1_000", "٣", "NaN", "null", "true", "True", "9" * 5_000),
    *(
        "\x00",
        "\x1b[31m",
        "\ud800",
        "\uffff",
        "é😀\u202e",
        "a" * 300,
        "..",
        "../../etc/passwd",
        "%00",
        "%zz",
        "\r\nX: y",
    ),
    *("[]", "{}", "{", '{"a":', '{"a":[null]}', '{"maxReceiveCount":{}}', '{"body":[{"numeric":["?",{}]}]}'),
    *(
        "arn:aws:sqs",
        "arn:aws:sqs:::",
        "arn:aws:sqs:us-east-1:410000000001:",
        "arn:aws:lambda:us-east-1:1:function:f:g:h",
    ),
    *(
        "http://",
        "http://[",
        "http://127.0.0.1/x/y/z",
        "//",
        "?",
        "#",
        "$LATEST",
        "::::",
        "All",
        ".*",
        "AWS.",
        "AQEB",
    ),
    *([], {}, [None], [[]], [{}], {"": ""}, {"a": None}, [1, "1"], {"DataType": None}, {"StringValue": 1}),
)


def mutated(calls: Sequence[Call], seed: int, index: int) -> tuple[Call, Request]:
    """The call with which it began, and the request that came of it."""
    random = Random(f"{seed}:{index}")  # noqa: S311 - to repeat it, not to hide it
    original = random.choice(calls)
    call = original
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        call = random.choice(CALL_MUTATIONS)(random, call)
    request = call.request()
    for _ in range(random.choice((0, 0, 0, 1, 1, 2)) if call is not original else 1):
        request = random.choice(REQUEST_MUTATIONS)(random, request)
    return original, request


# --- Of the call: what it says. -----------------------------------------------------------------------------


def _drop(random: Random, call: Call) -> Call:
    return _edited(random, call, lambda holder, key: holder.pop(key))


def _replace(random: Random, call: Call) -> Call:
    return _edited(random, call, lambda holder, key: _put(holder, key, random.choice(ODD)))


def _enlarge(random: Random, call: Call) -> Call:
    text = random.choice("ax<&é\u2028\x01") * random.choice((257, 70_000, LARGE))
    return _edited(random, call, lambda holder, key: _put(holder, key, text))


def _multiply(random: Random, call: Call) -> Call:
    times = random.choice((2, 11, 100))
    return _edited(
        random, call, lambda holder, key: _put(holder, key, [holder[key]] * _up_to(times, holder[key]))
    )


def _spread(random: Random, call: Call) -> Call:
    """A list with many of its items, a map with many keys."""

    def many(holder: Any, key: Any) -> None:
        value = holder[key]
        times = _up_to(random.choice((11, 300)), value)
        if isinstance(value, list):
            holder[key] = value * times
        elif isinstance(value, dict) and value:
            item = next(iter(value.values()))
            holder[key] = {**value, **{f"k{number}": item for number in range(times)}}

    return _edited(random, call, many)


def _up_to(times: int, value: Any) -> int:
    """So many times, or fewer where the value is large: a few megabytes are enough."""
    return max(2, min(times, MOST // len(json.dumps(value))))


def _wrap(random: Random, call: Call) -> Call:
    key = random.choice(("", "0", "Value", "member"))
    return _edited(random, call, lambda holder, name: _put(holder, name, {key: holder[name]}))


def _add(random: Random, call: Call) -> Call:
    name = random.choice(
        ("", "Unknown", "queueurl", "__class__", "Entries", "Attributes", "é", "a.b.c", "$ref")
    )
    return _edited(random, call, lambda holder, _: _put(holder, name, random.choice(ODD)))


def _rename(random: Random, call: Call) -> Call:
    def rename(holder: Any, key: Any) -> None:
        if isinstance(holder, dict):
            holder[random.choice((key.lower(), key.upper(), f"{key} ", f"{key}.1"))] = holder.pop(key)

    return _edited(random, call, rename)


def _move(random: Random, call: Call) -> Call:
    """Another path: a resource that does not exist, an odd name in its place."""
    parts = call.path.split("/")
    place = random.randrange(len(parts))
    parts[place] = random.choice((str(random.choice(ODD))[:4_000], "", parts[place] * 2))
    return replace(call, path="/" + "/".join(parts).lstrip("/"))


def _edited(random: Random, call: Call, edit: Callable[[Any, Any], object]) -> Call:
    """The call with something done to one member, at any depth."""
    query, document = copy.deepcopy(call.query), copy.deepcopy(call.document)
    places = list(_places(query)) + list(_places(document))
    if not places:
        return call
    edit(*random.choice(places))
    return replace(call, query=query, document=document)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every list or object below `value`, with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *_places(value[key]))]


def _put(holder: Any, key: Any, value: Any) -> None:
    if isinstance(holder, list) and not isinstance(key, int):
        holder.append(value)
    else:
        holder[key] = value


# --- Of the request: how it is written. ---------------------------------------------------------------------


def _cut(random: Random, request: Request) -> Request:
    return replace(request, body=request.body[: random.randrange(len(request.body) + 1)])


def _garble(random: Random, request: Request) -> Request:
    body = bytearray(request.body)
    for _ in range(random.choice((1, 1, 5, 50))):
        if body:
            body[random.randrange(len(body))] = random.randrange(256)
    return replace(request, body=bytes(body))


def _insert(random: Random, request: Request) -> Request:
    place = random.randrange(len(request.body) + 1)
    piece = random.choice(
        (
            b"\xff\xfe",
            b"\x00",
            b"\xc3\x28",
            b"%",
            b"%zz&",
            b"&&=&",
            b"\\u",
            b"\\ud800",
            b'"',
            b",",
            b"[",
            b"}",
        )
    )
    return replace(request, body=request.body[:place] + piece + request.body[place:])


def _other_body(random: Random, request: Request) -> Request:
    nested = random.choice(((b"[", b"]"), (b'{"a":', b"}")))
    bodies = (
        *(
            b"",
            b"null",
            b"[]",
            b'"text"',
            b"1",
            b"NaN",
            b"{}{}",
            b"\xef\xbb\xbf{}",
            b"<xml/>",
            b"\x1f\x8b\x08",
            b"\x00" * 64,
        ),
        nested[0] * DEEP + b"1" + nested[1] * DEEP,
        nested[0] * DEEP,
        json.dumps("{}").encode("utf-16"),
        random.randbytes(random.choice((1, 64, 5_000))),
        b"&".join(b"Attribute.%d.Name=x" % number for number in range(2_000)),
        b"Action=SendMessage&Action=ReceiveMessage&Version=1",
        b"Attribute.9999999999.Name=x&Attribute.-1.Value=y&Attribute..=z&Attribute.1=q&Attribute.1.Name.2=r",
    )
    return replace(request, body=random.choice(bodies))


def _nest(random: Random, request: Request) -> Request:
    """One value of the body becomes a very deep one."""
    if (place := request.body.find(b":", random.randrange(len(request.body) + 1))) < 0:
        return request
    deep = b"[" * DEEP + b"]" * DEEP
    return replace(request, body=request.body[: place + 1] + deep + b"," + request.body[place + 1 :])


def _header(random: Random, request: Request) -> Request:
    """Headers that are wrong, and still let the service be known."""
    changes: tuple[dict[str, str | None], ...] = (
        {"content_type": None},
        {
            "content_type": random.choice(
                (
                    "",
                    ";",
                    "text/plain",
                    "application/json",
                    "application/x-amz-json-9.9",
                    "multipart/form-data",
                )
            )
        },
        {"content_type": "application/json; charset=" + random.choice(("utf-16", "none", "", "'"))},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "application/cbor"},
        {"content_encoding": random.choice(("gzip", "deflate", "br", "none", "gzip, gzip"))},
        {"accept": random.choice(("", "*/*", "application/xml", "text/html;q=x", "a" * 5_000))},
        {
            "x_amz_target": random.choice(
                ("AmazonSQS.", "AmazonSQS.Nothing", "AmazonSQS.SendMessage.x", "AmazonSQS.__init__")
            )
        },
        {"x_amz_date": random.choice(("", "yesterday", "99999999T999999Z"))},
        {"x_amzn_trace_id": random.choice(("", "Root=", "Root=1;Sampled=x;;=;" * 50, "é"))},
        {"x_amz_invocation_type": random.choice(("", "None", "dryrun", "Event"))},
        {"x_amz_log_type": "Everything"},
        {"x_amz_client_context": random.choice(("%", "e30=", "x" * 9_000))},
        {"x_amz_security_token": "x" * 9_000},
        {"x_amz_region": "mars-1"},
        {"x_http_method_override": "DELETE"},
        {"expect": "100-continue" if not request.body else None},
        {"origin": random.choice(("null", "http://example.com", "é"))},
        {"user_agent": "\x7f é \u2028"},
        {"x_forwarded_for": "," * 300},
        {"range": "bytes=5-1"},
        {"authorization": _authorization(random, request)},
    )
    return request.with_headers(**random.choice(changes))


def _authorization(random: Random, request: Request) -> str | None:
    """Credentials of another shape, of the same service."""
    value = dict(request.headers).get("Authorization")
    if value is None:
        return random.choice(("Bearer x", "Basic !", "AWS4-HMAC-SHA256"))
    old = "410000000001"
    account = random.choice(
        ("", "1", "é", "AKIAIOSFODNN7EXAMPLE", "0" * 12, "x" * 500, "a b", "%", "-1", "9" * 13)
    )
    return random.choice(
        (value.replace(old, account), value.replace("us-east-1", account), value.split(", ")[0])
    )


def _target(random: Random, request: Request) -> Request:
    path, _, query = request.target.partition("?")
    pieces = (
        "%",
        "%zz",
        "%ff",
        "%00",
        "%2e%2e/",
        "//",
        ";",
        "?",
        "&&&",
        "=",
        "?a=1&a=2&b",
        "[]",
        "é",
        "\x01",
        "a" * 3_000,
    )
    piece = random.choice(pieces)
    place = random.randrange(len(query) + 1)
    targets = (
        f"{path}?{query[:place]}{piece}{query[place:]}",
        f"{path}{piece}?{query}",
        f"{path}?{query}&{query}&" + "x=1&" * 2_000,
        f"/{ACTIONS[random.randrange(len(ACTIONS))]}",
    )
    return replace(request, target=random.choice(targets).replace(" ", "%20"))


# SQS's query protocol also works with GET, on a queue's own path.
ACTIONS = (
    "?Action=ListQueues",
    "?Action=",
    "?Action=Nothing&Version=2012-11-05",
    "410000000001/fuzzed?Action=GetQueueAttributes&AttributeName.1=All",
    "410000000001/fuzzed?Action=SendMessage&MessageBody=%ff%fe",
    "410000000001/fuzzed?Action=ReceiveMessage&MaxNumberOfMessages=x",
    "410000000001/fuzzed?Action=SetQueueAttributes&Attribute.1.Name=&Attribute.1.Value=",
    "410000000001/missing?Action=GetQueueAttributes",
    "queue/us-east-1/410000000001/fuzzed?Action=GetQueueAttributes",
    "queue/mars-1/x/y?Action=GetQueueAttributes",
    "_aws/sqs/messages",
    "_aws/sqs/messages?QueueUrl=",
    "_aws/sqs/messages?QueueUrl=http://localhost/410000000001/missing&ShowInvisible=maybe",
    "_aws/sqs/messages/us-east-1/410000000001/fuzzed?ShowDelayed=true",
)


def _method(random: Random, request: Request) -> Request:
    method = random.choice(
        ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "get", "NOTHING", "PROPFIND")
    )
    assert is_token(method)
    return replace(request, method=method)


CALL_MUTATIONS = (
    *(_drop, _drop, _replace, _replace, _replace, _replace, _enlarge, _multiply),
    *(_spread, _wrap, _add, _rename, _move),
)
REQUEST_MUTATIONS = (_cut, _garble, _garble, _insert, _other_body, _nest, _header, _header, _target, _method)
