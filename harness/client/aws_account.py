"""The host's AWS credentials: whose they are, and what is wrong with them.

Credentials are found as boto3 finds them (environment, profile, SSO, instance role), used, and neither shown
nor written anywhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.model.environment import DEFAULT_REGION
from harness.model.errors import AwsAccessError, UsageError

if TYPE_CHECKING:
    from boto3.session import Session

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_SECONDS = 10
_checked: set[tuple[str, str]] = set()


@dataclass(frozen=True)
class AwsCaller:
    """Who calls AWS.

    Attributes:
        account: 12 digits.
        arn: Of the user or role.
    """

    account: str
    arn: str


@cache
def host_session() -> Session:
    """The boto3 session that finds credentials and region as any AWS tool on this host does.

    Raises:
        AwsAccessError: AWS_PROFILE names a profile that does not exist.
    """
    import boto3  # noqa: PLC0415 - boto3 takes a second to import
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - the same

    try:
        return boto3.session.Session()
    except BotoCoreError as error:
        raise access_error(error) from error


def host_region() -> str:
    """The region that the host's AWS tools use."""
    return os.environ.get("AWS_REGION") or host_session().region_name or DEFAULT_REGION


def configured_url() -> str:
    """AWS_ENDPOINT_URL, which the SDKs know, or `endpoint_url` of the profile; empty for AWS itself.

    Raises:
        UsageError: It holds a password, which would be recorded.
    """
    url = os.environ.get("AWS_ENDPOINT_URL", "")
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return ""
    if not url:
        core: Any = host_session()._session  # noqa: SLF001 - boto3 has no other way to its configuration
        url = str(core.get_scoped_config().get("endpoint_url", ""))
    if urlsplit(url).password is not None:
        raise UsageError(
            "AWS_ENDPOINT_URL holds a user and a password.",
            hint="Leave them out of it; credentials for AWS have variables of their own.",
        )
    return url.rstrip("/")


def check_account(account: str, url: str, done: str) -> None:
    """See to it that the host's credentials are of `account`; asked once per process.

    Args:
        account: The only one that may be used.
        url: Where AWS's APIs answer; empty for AWS itself.
        done: What was done before, or was not, as a sentence: `Nothing was made there.`

    Raises:
        AwsAccessError: They are of another account, are missing or have expired, or AWS is elsewhere.
    """
    if (account, url) in _checked:
        return
    if configured_url() != url:
        raise AwsAccessError(
            f"The environment that is up is at {url or 'AWS itself'}, and AWS_ENDPOINT_URL now names "
            f"{configured_url() or 'nothing'}. {done}",
            hint=f"Set AWS_ENDPOINT_URL={url}" if url else "Unset AWS_ENDPOINT_URL.",
        )
    caller = ask_caller()
    if caller.account != account:
        raise AwsAccessError(
            f"The AWS credentials are of account {caller.account} ({caller.arn}), and only account {account} "
            f"may be used. {done}",
            hint="Use that account's credentials (`AWS_PROFILE=NAME`, `aws sso login --profile NAME`), or "
            "change the setting `aws_account`.",
        )
    _checked.add((account, url))


def ask_caller() -> AwsCaller:
    """Whose the host's credentials are, as STS says (GetCallerIdentity).

    Raises:
        AwsAccessError: There are none, they have expired, or AWS cannot be reached.
    """
    from botocore.config import Config  # noqa: PLC0415 - boto3 takes a second to import
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the same

    configuration = Config(
        connect_timeout=_SECONDS,
        read_timeout=_SECONDS,
        retries={"total_max_attempts": 2, "mode": "standard"},
    )
    try:
        sts = host_session().client("sts", region_name=host_region(), config=configuration)
        answer = sts.get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise access_error(error) from error
    return AwsCaller(answer["Account"], answer["Arn"])


def credential_variables() -> dict[str, str]:
    """The host's credentials as a program's environment variables: as they are now, a short-lived copy.

    Raises:
        AwsAccessError: There are none, or they have expired.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a second to import

    try:
        found = host_session().get_credentials()
        frozen = None if found is None else found.get_frozen_credentials()
    except (BotoCoreError, ClientError) as error:
        raise access_error(error) from error
    if frozen is None or not frozen.access_key or not frozen.secret_key:
        raise _none_found()
    token = {"AWS_SESSION_TOKEN": frozen.token} if frozen.token else {}
    return {"AWS_ACCESS_KEY_ID": frozen.access_key, "AWS_SECRET_ACCESS_KEY": frozen.secret_key, **token}


def access_error(error: Exception) -> AwsAccessError:  # noqa: PLR0911 - one answer per kind of error
    """What botocore says about credentials or the way to AWS, in the harness's words."""
    from botocore import exceptions as known  # noqa: PLC0415 - boto3 takes a second to import

    login = f"aws sso login{_profile_option()}"
    if isinstance(error, known.ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        # Its first line: of a wrong signature, the lines below quote the request with its token.
        text = "".join(str(error.response.get("Error", {}).get("Message", "")).splitlines()[:1])[:300]
        if code in _EXPIRED:
            return AwsAccessError(
                f"The AWS credentials have expired ({code}: {text}).",
                hint=f"Get fresh ones: `{login}`, or new keys of the same role.",
            )
        return AwsAccessError(
            f"AWS refuses the credentials ({error.operation_name}: {code}: {text}).",
            hint="`aws sts get-caller-identity` shows whose they are; `aws configure` sets others.",
        )
    if isinstance(error, known.ProfileNotFound):
        return AwsAccessError(
            f"The AWS profile {os.environ.get('AWS_PROFILE', '')!r} does not exist.",
            hint="`aws configure list-profiles` lists those there are; AWS_PROFILE chooses one.",
        )
    if isinstance(error, known.NoCredentialsError | known.PartialCredentialsError):
        return _none_found()
    if isinstance(
        error,
        known.SSOError | known.SSOTokenLoadError | known.TokenRetrievalError | known.LoginRefreshRequired,
    ):
        return AwsAccessError(f"The AWS single sign-on has expired ({error}).", hint=f"Run `{login}`.")
    if isinstance(error, known.CredentialRetrievalError):
        return AwsAccessError(f"The AWS credentials cannot be got ({error}).", hint=f"Run `{login}`.")
    if isinstance(error, known.HTTPClientError | known.ConnectionError):
        return AwsAccessError(
            f"AWS cannot be reached ({error}).",
            hint="See to the network; behind a proxy set HTTPS_PROXY, and AWS_CA_BUNDLE where it has a "
            "certificate of its own.",
        )
    return AwsAccessError(f"AWS cannot be used ({error}).", hint="`aws sts get-caller-identity` says more.")


def _none_found() -> AwsAccessError:
    return AwsAccessError(
        "There are no AWS credentials: not in the environment, and none of a profile.",
        hint=f"Run `aws sso login{_profile_option()}` or `aws configure`, or set AWS_PROFILE.",
    )


def _profile_option() -> str:
    profile = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    return f" --profile {profile}" if profile else ""
