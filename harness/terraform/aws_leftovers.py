"""What runs on AWS have left there: found by the prefix of names and the tags that all of it carries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harness.client.aws_account import access_error
from harness.client.boto import client
from harness.client.deadline import Deadline, until
from harness.model.environment import RUN_TAG, STARTED_TAG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.model.environment import Endpoint

PREFIX = "hx"
_NAME = re.compile(rf"(?:/aws/lambda/|/)?({PREFIX}[0-9a-f]{{6}})-")
_GONE = re.compile(r"NonExistentQueue|QueueDoesNotExist|ResourceNotFound|NoSuchEntity|NotFoundException")
_DENIED = re.compile(r"AccessDenied|UnauthorizedOperation|not authorized")
# A deleted queue is listed for up to a minute; a function that has ended may write its last log lines.
_VERIFY_SECONDS = 90.0
_TAGGED = frozenset({"queue", "function", "role", "policy"})
_DELETED_HERE = ("sqs", "lambda", "iam", "logs")


@dataclass(frozen=True)
class Leftover:
    """A resource of a run.

    Attributes:
        kind: `queue`, `function`, `event source mapping`, `role`, `policy`, `log group`, or AWS's service.
        name: AWS's.
        region: Where it is; `global` for IAM.
        run: The prefix of the run's names (`hx3f9a1c`).
        started: Epoch seconds at which the run started, None where the resource does not say so.
        handle: What AWS deletes it by.
        endpoint: Where it answers.
        deletable: Whether `delete` can delete it.
    """

    kind: str
    name: str
    region: str
    run: str
    started: float | None
    handle: str = field(repr=False)
    endpoint: Endpoint = field(repr=False)
    deletable: bool = True

    def as_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "kind": self.kind,
            "name": self.name,
            "region": self.region,
            "run": self.run,
            "started": self.started,
            "deletable": self.deletable,
        }


def find(endpoints: Sequence[Endpoint], run: str | None = None) -> list[Leftover]:
    """What is there, in the order in which it can be deleted.

    Args:
        endpoints: One for each region.
        run: The prefix of one run's names; None: of every run.

    Raises:
        AwsAccessError: AWS refuses to list it.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a second to import

    try:
        found = [item for endpoint in endpoints for item in _in_region(endpoint, run or PREFIX)]
        for iam in (_roles, _policies):
            found += _if_allowed(iam(endpoints[0], run or PREFIX))
    except (BotoCoreError, ClientError) as error:
        raise access_error(error) from error
    # What AWS or Lambda makes by itself carries no tag: its run tells when it started.
    starts = {item.run: item.started for item in found if item.kind in _TAGGED and item.started is not None}
    return [
        replace(item, started=starts.get(item.run, item.started))
        for item in found
        if run is None or item.run == run
    ]


def find_others(endpoints: Sequence[Endpoint], warn: Callable[[str], None]) -> list[Leftover]:
    """What carries a run's tag and is of a type that `find` does not look for; as far as AWS tells.

    The Resource Groups Tagging API may go on listing what was deleted for a while.

    Args:
        endpoints: One for each region.
        warn: Told where that API does not answer, or is not allowed.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a second to import

    found: list[Leftover] = []
    for endpoint in endpoints:
        pages = client(endpoint, "resourcegroupstaggingapi").get_paginator("get_resources")
        try:
            for page in pages.paginate(TagFilters=[{"Key": RUN_TAG}]):
                found += (
                    item
                    for entry in page.get("ResourceTagMappingList", ())
                    if (item := _tagged(endpoint, entry)) is not None
                )
        except (BotoCoreError, ClientError) as error:  # it only adds to what is shown
            warn(f"What else carries the tag in {endpoint.region} is not known: {error}")
    return found


def delete(
    look: Callable[[], list[Leftover]], seconds: float = _VERIFY_SECONDS
) -> tuple[list[Leftover], list[Leftover]]:
    """Delete what `look` finds, and look again until it finds nothing.

    Args:
        look: Finds what is to be deleted.
        seconds: How long to look again.

    Returns:
        What was deleted, and what is left all the same.

    Raises:
        AwsAccessError: AWS refuses to list it.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a second to import

    deleted: dict[str, Leftover] = {}
    left: list[Leftover] = []

    def nothing_left() -> bool | None:
        left[:] = look()
        for item in left:
            try:
                _DELETES[item.kind](item)
            except (BotoCoreError, ClientError) as error:
                if not _GONE.search(str(error)):
                    continue  # tried again; in the end it is left, and said so
            deleted[item.handle] = item
        return True if not left else None

    until(nothing_left, Deadline(seconds), every=1.0)
    still = {item.handle for item in left}
    return [item for handle, item in deleted.items() if handle not in still], list(left)


def _in_region(endpoint: Endpoint, prefix: str) -> Iterator[Leftover]:
    yield from _mappings(endpoint, prefix)
    yield from _functions(endpoint, prefix)
    yield from _queues(endpoint, prefix)
    yield from _log_groups(endpoint, prefix)


def _queues(endpoint: Endpoint, prefix: str) -> Iterator[Leftover]:
    sqs = client(endpoint, "sqs")
    for page in sqs.get_paginator("list_queues").paginate(
        QueueNamePrefix=prefix, PaginationConfig={"PageSize": 1000}
    ):
        for url in page.get("QueueUrls", ()):
            name = url.rpartition("/")[2]
            tags = _unless_gone(lambda: sqs.list_queue_tags(QueueUrl=url).get("Tags", {}))  # noqa: B023 - called at once
            if (run := _run_of(name, tags)) is not None:
                yield Leftover("queue", name, endpoint.region, run, _started(tags), url, endpoint)


def _functions(endpoint: Endpoint, prefix: str) -> Iterator[Leftover]:
    functions = client(endpoint, "lambda")
    for page in functions.get_paginator("list_functions").paginate():
        for entry in page["Functions"]:
            name, arn = entry["FunctionName"], entry["FunctionArn"]
            if not name.startswith(prefix):
                continue
            tags = _unless_gone(lambda: functions.list_tags(Resource=arn).get("Tags", {}))  # noqa: B023 - called at once
            if (run := _run_of(name, tags)) is not None:
                yield Leftover("function", name, endpoint.region, run, _started(tags), name, endpoint)


def _mappings(endpoint: Endpoint, prefix: str) -> Iterator[Leftover]:
    """Of functions of a run, also where the function is gone already."""
    for page in client(endpoint, "lambda").get_paginator("list_event_source_mappings").paginate():
        for entry in page["EventSourceMappings"]:
            function = entry.get("FunctionArn", "").split(":function:")[-1].partition(":")[0]
            match = _NAME.match(function) if function.startswith(prefix) else None
            if match and entry.get("State") != "Deleting":
                changed = entry.get("LastModified")
                yield Leftover(
                    "event source mapping",
                    f"{entry['UUID']} of {function}",
                    endpoint.region,
                    match[1],
                    changed.timestamp() if isinstance(changed, datetime) else None,
                    entry["UUID"],
                    endpoint,
                )


def _log_groups(endpoint: Endpoint, prefix: str) -> Iterator[Leftover]:
    """Lambda makes them by itself, without tags: their names and the time of their creation tell."""
    pages = client(endpoint, "logs").get_paginator("describe_log_groups")
    for beginning in (f"/aws/lambda/{prefix}", f"/{prefix}", prefix):
        for page in pages.paginate(logGroupNamePrefix=beginning):
            for entry in page["logGroups"]:
                name = entry["logGroupName"]
                if match := _NAME.match(name):
                    started = entry["creationTime"] / 1000
                    yield Leftover("log group", name, endpoint.region, match[1], started, name, endpoint)


def _roles(endpoint: Endpoint, prefix: str) -> Iterator[Leftover]:
    iam = client(endpoint, "iam")
    for page in iam.get_paginator("list_roles").paginate():
        for entry in page["Roles"]:
            name = entry["RoleName"]
            if not name.startswith(prefix):
                continue
            tags = _unless_gone(lambda: _pairs(iam.list_role_tags(RoleName=name)["Tags"]))  # noqa: B023 - called at once
            if (run := _run_of(name, tags)) is not None:
                yield Leftover("role", name, "global", run, _started(tags), name, endpoint)


def _policies(endpoint: Endpoint, prefix: str) -> Iterator[Leftover]:
    iam = client(endpoint, "iam")
    for page in iam.get_paginator("list_policies").paginate(Scope="Local"):
        for entry in page["Policies"]:
            name, arn = entry["PolicyName"], entry["Arn"]
            if not name.startswith(prefix):
                continue
            tags = _unless_gone(lambda: _pairs(iam.list_policy_tags(PolicyArn=arn)["Tags"]))  # noqa: B023 - called at once
            if (run := _run_of(name, tags)) is not None:
                yield Leftover("policy", name, "global", run, _started(tags), arn, endpoint)


def _tagged(endpoint: Endpoint, entry: Mapping[str, Any]) -> Leftover | None:
    arn = entry["ResourceARN"]
    tags = _pairs(entry.get("Tags", ()))
    service = arn.split(":")[2]
    if service in _DELETED_HERE and _NAME.match(re.split(r"[:/]", arn, maxsplit=6)[-1]):
        return None
    return Leftover(
        service, arn, endpoint.region, tags.get(RUN_TAG, ""), _started(tags), arn, endpoint, deletable=False
    )


def _delete_mapping(item: Leftover) -> None:
    client(item.endpoint, "lambda").delete_event_source_mapping(UUID=item.handle)


def _delete_function(item: Leftover) -> None:
    client(item.endpoint, "lambda").delete_function(FunctionName=item.handle)


def _delete_queue(item: Leftover) -> None:
    client(item.endpoint, "sqs").delete_queue(QueueUrl=item.handle)


def _delete_log_group(item: Leftover) -> None:
    client(item.endpoint, "logs").delete_log_group(logGroupName=item.handle)


def _delete_role(item: Leftover) -> None:
    iam = client(item.endpoint, "iam")
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=item.handle):
        for policy in page["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=item.handle, PolicyArn=policy["PolicyArn"])
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=item.handle):
        for name in page["PolicyNames"]:
            iam.delete_role_policy(RoleName=item.handle, PolicyName=name)
    for page in iam.get_paginator("list_instance_profiles_for_role").paginate(RoleName=item.handle):
        for profile in page["InstanceProfiles"]:
            iam.remove_role_from_instance_profile(
                RoleName=item.handle, InstanceProfileName=profile["InstanceProfileName"]
            )
    iam.delete_role(RoleName=item.handle)


def _delete_policy(item: Leftover) -> None:
    iam = client(item.endpoint, "iam")
    for version in iam.list_policy_versions(PolicyArn=item.handle)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=item.handle, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=item.handle)


_DELETES: dict[str, Callable[[Leftover], None]] = {
    "event source mapping": _delete_mapping,
    "function": _delete_function,
    "queue": _delete_queue,
    "log group": _delete_log_group,
    "role": _delete_role,
    "policy": _delete_policy,
}


def _run_of(name: str, tags: Mapping[str, str] | None) -> str | None:
    """The run whose name and tag a resource has both; None where it is nobody's, or gone."""
    match = _NAME.match(name)
    return match[1] if match and tags and tags.get(RUN_TAG) == match[1] else None


def _started(tags: Mapping[str, str] | None) -> float | None:
    text = (tags or {}).get(STARTED_TAG, "")
    return float(text) if re.fullmatch(r"\d{1,12}", text) else None


def _pairs(tags: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _if_allowed(items: Iterator[Leftover]) -> list[Leftover]:
    """All of `items`; none where the caller may not list them, and then cannot have made them either."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - boto3 takes a second to import

    try:
        return list(items)
    except ClientError as error:
        if _DENIED.search(str(error)):
            return []
        raise


def _unless_gone(ask: Callable[[], dict[str, str]]) -> dict[str, str] | None:
    """What `ask` returns; None where the resource has been deleted since it was listed."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - boto3 takes a second to import

    try:
        return ask()
    except ClientError as error:
        if _GONE.search(str(error)):
            return None
        raise
