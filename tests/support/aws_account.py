"""A stand-in for an AWS account, and a copy of the project whose commands mean that account."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from tests.support.command_line import HARNESS, ROOT, SECONDS, Answer
from tests.support.command_line import Project as CommandLine
from tests.support.deployable import APP, REQUIRED
from tests.support.forked import harness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.stock_localstack import StockLocalStack

# What a real secret access key looks like, so that it is found wherever it should not be.
SECRET = "wJalrXUtnFEMIREALLOOKINGxRfiCYzK7MDENGkey"  # noqa: S105 - the stand-in takes any
REGION = "us-east-1"


@cache
def _session() -> boto3.session.Session:
    """One, which has read botocore's models of the services."""
    return boto3.session.Session()


@dataclass(frozen=True)
class Account:
    """One account of a LocalStack that stands in for AWS.

    Attributes:
        stock: The LocalStack.
        number: 12 digits; LocalStack takes an access key id like that for the account's number.
    """

    stock: StockLocalStack
    number: str

    def client(self, service: str) -> Any:
        """A client for it."""
        return _session().client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.stock.url,
            region_name=REGION,
            aws_access_key_id=self.number,
            aws_secret_access_key="test",  # noqa: S106 - the stand-in takes any
        )

    def everything(self) -> dict[str, list[str]]:
        """What is in it, by kind."""
        functions, logs, iam = self.client("lambda"), self.client("logs"), self.client("iam")
        return {
            "queues": sorted(self.client("sqs").list_queues().get("QueueUrls", [])),
            "functions": sorted(f["FunctionName"] for f in functions.list_functions()["Functions"]),
            "mappings": sorted(
                m["UUID"] for m in functions.list_event_source_mappings()["EventSourceMappings"]
            ),
            "log groups": sorted(g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]),
            "roles": sorted(role["RoleName"] for role in iam.list_roles()["Roles"]),
            "policies": sorted(p["PolicyName"] for p in iam.list_policies(Scope="Local")["Policies"]),
            "buckets": sorted(b["Name"] for b in self.client("s3").list_buckets()["Buckets"]),
            "topics": sorted(t["TopicArn"] for t in self.client("sns").list_topics()["Topics"]),
        }

    def variables(self) -> dict[str, str]:
        """The environment variables by which a host's tools use it."""
        return {
            "AWS_ENDPOINT_URL": self.stock.url,
            "AWS_ACCESS_KEY_ID": self.number,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
        }

    def make_role(self, name: str, **tags: str) -> None:
        """A role that Lambda may take."""
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        self.client("iam").create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )

    def make_function(self, name: str, **tags: str) -> None:
        """A function that does nothing."""
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("handler.py", "def handle(event, context): pass\n")
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=f"arn:aws:iam::{self.number}:role/LabRole",
            Handler="handler.handle",
            Code={"ZipFile": package.getvalue()},
            Tags=tags,
        )
        self.client("lambda").get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )

    def exists(self, service: str, operation: str, **arguments: str) -> bool:
        """Whether a call that looks at something finds it."""
        try:
            getattr(self.client(service), operation)(**arguments)
        except ClientError:
            return False
        return True


@dataclass
class AwsProject:
    """A copy of the project, or a small one, whose host has credentials of an account."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def calculator(cls, root: Path, account: Account) -> AwsProject:
        """The worked example."""
        CommandLine.copied_to(root)
        return cls(root, account.variables() | {"HARNESS_AWS_ACCOUNT": account.number})._with_tools()

    @classmethod
    def small(cls, root: Path, account: Account, resource: dict[str, Any]) -> AwsProject:
        """A project with one stack of these resources."""
        root.mkdir(parents=True)
        (root / "cdktf.json").write_text("{}")
        (root / "app.py").write_text(APP)
        (root / "pyproject.toml").write_text(
            f'[tool.harness]\napp = "python app.py"\naws_account = "{account.number}"\n'
        )
        made = cls(root, account.variables())._with_tools()
        made.stack(resource)
        return made

    def stack(self, resource: dict[str, Any]) -> None:
        """Make this the small project's stack."""
        document = {"provider": {"aws": [{"region": REGION}]}, "terraform": REQUIRED, "resource": resource}
        (self.root / "stacks.json").write_text(json.dumps({"probe": document}))

    def _with_tools(self) -> AwsProject:
        state = self.root / ".harness"
        state.mkdir(exist_ok=True)
        # Its own folders of Terraform: that nothing secret is written there is looked at.
        (state / "terraform").unlink(missing_ok=True)
        if (made := ROOT / ".harness" / "bin").exists() and not (state / "bin").exists():
            (state / "bin").symlink_to(made)
        return self

    def harness(self, *arguments: str, **environ: str) -> Answer:
        """Run a command to its end; a variable that is empty is not there."""
        answer = Answer(
            *harness(arguments, cwd=self.root, environ=self._environ(environ), timeout=SECONDS),
        )
        print(answer.out, answer.err)  # noqa: T201 - shown when the test fails
        return answer

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start a command, in a process group of its own as a terminal would."""
        return self._start([str(HARNESS), *arguments], environ)

    def pytest(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """A pytest run of the project's tests, under way; what it prints is all on its standard output."""
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
        return self._start([*command, *arguments], environ, errors=subprocess.STDOUT)

    def _start(
        self, command: list[str], environ: dict[str, str], errors: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self._environ(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            process_group=0,
        )

    def _environ(self, more: dict[str, str]) -> dict[str, str]:
        host = {n: v for n, v in os.environ.items() if not n.startswith(("HARNESS_", "AWS_", "PYTEST_XDIST"))}
        # The machine's own configuration and metadata service have no part in this.
        nothing = {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        variables = {**host, **nothing, **self.variables, **more}
        return {name: value for name, value in variables.items() if value}

    def record(self) -> dict[str, Any] | None:
        """What `.harness/environment.json` says."""
        path = self.root / ".harness" / "environment.json"
        return json.loads(path.read_text()) if path.exists() else None

    def files_with(self, text: str) -> list[Path]:
        """The files below `.harness/` that hold `text`."""
        found = []
        for folder, _, names in os.walk(self.root / ".harness"):
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 - os.walk's
                with contextlib.suppress(OSError), open(path, "rb") as file:  # noqa: PTH123 - the same
                    if text.encode() in file.read():
                        found.append(self.root / path)
        return found


def finished(process: subprocess.Popen[str], number: int | None = None) -> Answer:
    """Wait for a command's end; first send its process group a signal, where one is given."""
    if number is not None:
        os.killpg(process.pid, number)
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    print(out, err)  # noqa: T201 - shown when the test fails
    return Answer(process.returncode, out, err or "")


def old_run(prefix: str, hours: float) -> dict[str, str]:
    """The tags of what a run made that started so long ago."""
    return {
        "sqs-lambda-harness": prefix,
        "sqs-lambda-harness-started": str(int(time.time() - hours * 3600)),
    }


@contextlib.contextmanager
def sts_that_says(code: str, message: str) -> Iterator[str]:
    """A server that answers each request with that error of AWS's; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = (
                '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
                f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
            ).encode()
            self.send_response(403)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
