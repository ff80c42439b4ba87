"""Names of a deployment's own in an account that others share: each resource's name gets a prefix.

Where all deployments lie in one account of AWS, two of them must not meet, nor one of them and what
somebody else has there. What the stack calls `calculatrice` is then `hx3f9a1c-calculatrice`, wherever the
document says so: in the resource that is named, and as text elsewhere in it. References
(`${aws_sqs_queue.Input.name}`) need nothing: Terraform follows them.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.model.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Named:
    """How resources of one type are named.

    Attributes:
        service: As in the resource's ARN.
        attribute: Holds the name.
        longest: Characters that AWS allows.
        beginning: Holds the beginning of a name that the provider completes, None where there is no such.
        completed: Characters that the provider adds to that beginning.
        inside: What a name may begin with before its own part, such as `alias/`.
        path: Whether names may be paths (`/aws/lambda/NAME`).
    """

    service: str
    attribute: str
    longest: int
    beginning: str | None = None
    completed: int = 26
    inside: str = ""
    path: bool = False


NAMED = {
    "aws_sqs_queue": Named("sqs", "name", 80, "name_prefix"),
    "aws_lambda_function": Named("lambda", "function_name", 64),
    "aws_lambda_layer_version": Named("lambda", "layer_name", 140),
    "aws_iam_role": Named("iam", "name", 64, "name_prefix"),
    "aws_iam_policy": Named("iam", "name", 128, "name_prefix"),
    "aws_iam_user": Named("iam", "name", 64),
    "aws_iam_group": Named("iam", "name", 128),
    "aws_iam_instance_profile": Named("iam", "name", 128, "name_prefix"),
    "aws_cloudwatch_log_group": Named("logs", "name", 512, "name_prefix", path=True),
    "aws_cloudwatch_metric_alarm": Named("cloudwatch", "alarm_name", 255),
    "aws_cloudwatch_dashboard": Named("cloudwatch", "dashboard_name", 255),
    "aws_cloudwatch_event_rule": Named("events", "name", 64, "name_prefix"),
    "aws_cloudwatch_event_bus": Named("events", "name", 256),
    "aws_sns_topic": Named("sns", "name", 256, "name_prefix"),
    "aws_s3_bucket": Named("s3", "bucket", 63, "bucket_prefix"),
    "aws_dynamodb_table": Named("dynamodb", "name", 255),
    "aws_kinesis_stream": Named("kinesis", "name", 128),
    "aws_kinesis_firehose_delivery_stream": Named("firehose", "name", 64),
    "aws_sfn_state_machine": Named("states", "name", 80, "name_prefix"),
    "aws_scheduler_schedule": Named("scheduler", "name", 64, "name_prefix"),
    "aws_scheduler_schedule_group": Named("scheduler", "name", 64, "name_prefix"),
    "aws_pipes_pipe": Named("pipes", "name", 64, "name_prefix"),
    "aws_kms_alias": Named("kms", "name", 256, "name_prefix", inside="alias/"),
    "aws_secretsmanager_secret": Named("secretsmanager", "name", 512, "name_prefix"),
    "aws_ssm_parameter": Named("ssm", "name", 1011, path=True),
    "aws_ecr_repository": Named("ecr", "name", 256),
}
"""Names that are unique within another resource only (an alias of a function, an inline policy of a role) are
not here: they meet nobody."""

_UNTOUCHED = frozenset(
    {
        # What names code, files and their content; what tells of a resource; and patterns that are about the
        # content of messages.
        *("//", "handler", "filename", "runtime", "source", "content", "content_base64", "description"),
        *("source_code_hash", "code_sha256", "source_hash", "etag", "filter_criteria", "filter_policy"),
        *("provider", "depends_on", "lifecycle", "provisioner", "connection", "command", "entry_point"),
    }
)
_SECTIONS = ("resource", "data", "output", "locals", "module", "variable", "import", "check")
_ARN = re.compile(r"(arn:[\w-]+:)([\w-]+)(:[^:\s\"]*:[^:\s\"]*:)([^\s\"\\,]*)")
_OWN_PATH = re.compile(r"/(?:aws/[\w-]+/)?")
_PATH_OR_URL = re.compile(r"/|https?://[^/]*(?:\.amazonaws\.com|\$\{)|s3://")
_OF_A_NAMED_ONE = re.compile(
    r"\$\{\s*(" + "|".join(NAMED) + r")\.[\w-]+(?:\[[^\]]*\])?\.(name|id|bucket|\w+_name)\b"
)


def prefixed(document: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The document with `prefix` before the name of each resource that it makes and that has a name.

    A name that the document does not make is left as it is (`LabRole`), and so is a resource without one.

    Args:
        document: Terraform's JSON; it stays as it is.
        prefix: `hx3f9a1c-`; nothing is changed where it is empty.

    Raises:
        StackError: A name is too long with it.
    """
    if not prefix:
        return document
    document = copy.deepcopy(document)
    renamed = _Renamed()
    blocks = list(_named_blocks(document))
    for named, _, block in sorted(blocks, key=lambda entry: entry[0].path):
        name = block.get(named.attribute)
        if isinstance(name, str) and "${" not in name:
            # A function's log group is named after it, and then follows it.
            follows = renamed.in_path(name) if named.path else name
            renamed.add(named, name, follows if follows != name else _with_prefix(named, name, prefix))
    own = {id(block): named for named, _, block in blocks}
    for section in _SECTIONS:
        if section in document:
            document[section] = _followed(document[section], renamed, own)
    for named, address, block in _named_blocks(document):
        _name(named, address, block, renamed, prefix)
    return document


def _named_blocks(document: Mapping[str, Any]) -> Iterator[tuple[Named, str, dict[str, Any]]]:
    """Each block of the document that makes a resource with a name: how it is named, and its address."""
    for kind, resources in document.get("resource", {}).items():
        for name, blocks in resources.items() if kind in NAMED else ():
            for block in blocks if isinstance(blocks, list) else [blocks]:
                if isinstance(block, dict):
                    yield NAMED[kind], f"{kind}.{name}", block


def _name(named: Named, address: str, block: dict[str, Any], renamed: _Renamed, prefix: str) -> None:
    name = block.get(named.attribute)
    if isinstance(name, str) and name:
        if "${" not in name:
            block[named.attribute] = renamed.name_of(named, name)
        elif not _OF_A_NAMED_ONE.search(name):
            block[named.attribute] = _with_prefix(named, name, prefix)
        _check(address, named.attribute, block[named.attribute], named.longest)
    elif named.beginning and isinstance(block.get(named.beginning), str):
        begins = _with_prefix(named, block[named.beginning], prefix)
        block[named.beginning] = begins
        _check(address, named.beginning, begins, named.longest - named.completed)


def _with_prefix(named: Named, name: str, prefix: str) -> str:
    """`calculatrice` -> `hx3f9a1c-calculatrice`; of a path the prefix stands after AWS's own part."""
    start = len(named.inside) if name.startswith(named.inside) else 0
    if named.path and (match := _OWN_PATH.match(name)):
        start = match.end()
    return name[:start] + prefix + name[start:]


def _check(address: str, attribute: str, name: str, longest: int) -> None:
    if "${" not in name and len(name) > longest:
        raise StackError(
            f"{address}: {attribute} is {name!r} with the prefix that keeps this deployment's names apart "
            f"from others' in the account. That has {len(name)} characters; AWS allows {longest}.",
            hint=f"Shorten it by {len(name) - longest} in the stack.",
        )


class _Renamed:
    """What the stack calls its resources, and what they are called now."""

    def __init__(self) -> None:
        self._new: dict[str, str] = {}
        self._of_type: dict[tuple[str, str], str] = {}
        self._of_service: dict[str, dict[str, str]] = {}
        self._any: re.Pattern[str] | None = None

    def add(self, named: Named, name: str, new: str) -> None:
        """A resource's old and new name."""
        if name:
            self._of_type[named.service, name] = new
            self._of_service.setdefault(named.service, {})[name] = new
            self._new.setdefault(name, new)
            self._any = None

    def name_of(self, named: Named, name: str) -> str:
        """The new name of a resource of that type."""
        return self._of_type[named.service, name]

    def in_path(self, text: str) -> str:
        """`text` with each name in it that stands alone or between slashes."""
        return self._after_own_path(text, self._new)

    def followed(self, text: str) -> str:
        """`text` with each old name that it refers to replaced: alone, in an ARN, in a URL."""
        if text in self._new:
            return self._new[text]
        structure = _json(text)
        if structure is not None:
            changed = _mapped(structure, self.followed)
            return text if changed == structure else json.dumps(changed, separators=(",", ":"))
        parts: list[str] = []
        at = 0
        for match in _ARN.finditer(text):
            parts += [self._outside_arns(text[at : match.start()]), *match.group(1, 2, 3)]
            parts.append(self._resource(match[2], match[4]))
            at = match.end()
        return "".join([*parts, self._outside_arns(text[at:])])

    def _resource(self, service: str, resource: str) -> str:
        """The last part of an ARN: `function:NAME:ALIAS`, `role/NAME`, `NAME`, `log-group:NAME:*`."""
        names = dict(self._of_service.get(service, {}))
        if service == "logs":  # /aws/lambda/NAME
            names |= self._of_service.get("lambda", {})
        kind = re.match(r"[a-z-]+[:/](?=.)", resource) if service in _WITH_A_KIND else None
        start = kind.end() if kind else 0
        return resource[:start] + self._after_own_path(resource[start:], names)

    def _outside_arns(self, text: str) -> str:
        """In a path, in a URL of AWS's, as a string in an expression; other text is somebody else's."""
        if '"' not in text and not _PATH_OR_URL.match(text):
            return text
        return self._after_own_path(text, self._new)

    def _after_own_path(self, text: str, names: Mapping[str, str]) -> str:
        own = _OWN_PATH.match(text)
        start = own.end() if own else 0
        return text[:start] + _replaced(text[start:], names)


def _replaced(text: str, names: Mapping[str, str]) -> str:
    """`text` with the names in it that stand between colons, slashes, quotes or its ends."""
    if not any(name in text for name in names):
        return text

    def new(match: re.Match[str]) -> str:
        index = re.search(r"[\w\])]\[$", text[: match.start()].removesuffix('"'))
        return match[0] if index and text[: match.start()].endswith('"') else names[match[0]]

    found = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    # What is followed by a colon or an equals sign is the name of an object's member.
    return re.sub(rf'(?<![^:/"])(?:{found})(?![^:/"\\?#])(?!"\s*[:=])', new, text)


_WITH_A_KIND = frozenset(
    {
        *("lambda", "iam", "logs", "events", "dynamodb", "kinesis", "firehose", "states", "scheduler"),
        *("cloudwatch", "secretsmanager", "ecr", "pipes", "ssm", "kms"),
    }
)
"""Services whose ARNs say what kind of thing is named before its name."""


def _followed(value: Any, renamed: _Renamed, own: Mapping[int, Named]) -> Any:
    """`value` with what it says of renamed resources; what names a resource itself is left for later."""
    match value:
        case str():
            return renamed.followed(value)
        case list():
            return [_followed(item, renamed, own) for item in value]
        case dict():
            named = own.get(id(value))
            left = _UNTOUCHED | ({named.attribute, named.beginning} if named else set())
            return {
                name: item if name in left else _followed(item, renamed, own) for name, item in value.items()
            }
        case _:
            return value


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with its strings changed; the names of its members stay."""
    match value:
        case str():
            return change(value)
        case list():
            return [_mapped(item, change) for item in value]
        case dict():
            return {name: _mapped(item, change) for name, item in value.items()}
        case _:
            return value


def _json(text: str) -> Any:
    """What `text` is as JSON, where that is an object or a list."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None
