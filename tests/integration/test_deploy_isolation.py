"""Terraform reaches the emulator and nothing else, whatever the stack and the host's environment say."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from harness.machine.processes import run
from harness.model.errors import TerraformError
from harness.terraform import isolation_level
from harness.terraform.isolation import LAUNCHER, run_isolated
from tests.support.deployable import Deployable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.only_on("embedded")

REAL = {
    "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
    "AWS_SECRET_ACCESS_KEY": "real/secret",
    "AWS_SESSION_TOKEN": "real-token",
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL_SQS": "https://sqs.us-east-1.amazonaws.com",
    "TF_VAR_password": "real-password",
    "TF_CLI_ARGS": "-no-such-option",
    "GITHUB_TOKEN": "real-github-token",
}


class Decoy:
    """Listens, and counts who comes."""

    def __init__(self, address: str) -> None:
        self.contacts = 0
        self._listener = socket.create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="decoy")
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.contacts += 1
            client.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def decoy() -> Iterator[Decoy]:
    made = Decoy("127.0.0.1")
    yield made
    made.close()


@pytest.fixture
def open_decoy() -> Iterator[Decoy]:
    made = Decoy("0.0.0.0")  # noqa: S104 - the test is about addresses other than loopback
    yield made
    made.close()


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator, providers: Path) -> Deployable:
    return Deployable(tmp_path / "project", emulator.environment, providers)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with real-looking credentials in its environment and its home."""
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAREALREALREALREAL\naws_secret_access_key = real/secret\n"
        "[production]\naws_access_key_id = AKIAREALREALREALREAL\naws_secret_access_key = real/secret\n"
    )
    (home / ".aws" / "config").write_text(
        "[default]\nregion = sa-east-1\nendpoint_url = https://real.example\n"
    )
    (home / ".terraformrc").write_text('plugin_cache_dir = "/nowhere"\n')
    monkeypatch.setenv("HOME", str(home))
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    return home


def local_exec(command: str, **more: Any) -> dict[str, Any]:
    """A resource that runs a command during the apply; Terraform brings its provider along."""
    return {
        "resource": {
            "terraform_data": {
                "Probe": {
                    "provisioner": [
                        {"local-exec": {"command": command, "interpreter": [sys.executable, "-c"]}}
                    ]
                }
            },
            **more,
        }
    }


def queue_names(emulator: Emulator, account: str) -> list[str]:
    urls = emulator.client("sqs", account).list_queues().get("QueueUrls", [])
    return sorted(url.rpartition("/")[2] for url in urls)


@pytest.mark.usefixtures("host")
def test_a_hard_coded_profile_endpoint_backend_and_role_are_not_used(
    project: Deployable, emulator: Emulator, decoy: Decoy
) -> None:
    elsewhere = f"http://127.0.0.1:{decoy.port}"
    project.stack(
        provider={
            "aws": [
                {
                    "region": "us-east-1",
                    "profile": "production",
                    "shared_credentials_files": ["~/.aws/credentials"],
                    "allowed_account_ids": ["123456789012"],
                    "assume_role": [{"role_arn": "arn:aws:iam::123456789012:role/Deploy"}],
                    "endpoints": [{"sqs": elsewhere, "sts": elsewhere, "iam": elsewhere}],
                },
                {
                    "alias": "out",
                    "region": "us-east-1",
                    "access_key": "AKIAREALREALREALREAL",
                    "secret_key": "real/secret",
                    "endpoints": [{"sqs": "https://sqs.us-east-1.amazonaws.com"}],
                },
            ]
        },
        terraform={
            "backend": {"s3": {"bucket": "states", "key": "k", "region": "us-east-1", "endpoint": elsewhere}}
        },
        data={"aws_caller_identity": {"me": {}}},
        resource={"aws_sqs_queue": {"In": {"name": "in"}, "Out": {"name": "out", "provider": "aws.out"}}},
        output={"account": {"value": "${data.aws_caller_identity.me.account_id}"}},
    )
    deployment = project.deploy()
    assert deployment.outputs == {"account": project.account}
    assert queue_names(emulator, project.account) == ["in", "out"]
    assert decoy.contacts == 0


def test_of_the_host_input_variables_alone_reach_terraform(
    project: Deployable, host: Path, tmp_path: Path
) -> None:
    seen = tmp_path / "seen.json"
    project.stack(**local_exec(f"import json, os; json.dump(dict(os.environ), open({str(seen)!r}, 'w'))"))
    project.deploy()
    environ = json.loads(seen.read_text())
    # Input variables are the one thing of the host's that is meant for Terraform.
    assert environ.pop("TF_VAR_password") == "real-password"
    text = json.dumps(environ)
    assert "real" not in text.lower().replace(str(tmp_path).lower(), "")
    assert environ["HOME"] != str(host)
    assert environ["AWS_ACCESS_KEY_ID"] == project.account
    assert environ["AWS_CONFIG_FILE"] == environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert "AWS_PROFILE" not in environ
    state = project.workspace.deployment(project.account) / "terraform" / "terraform.tfstate"
    assert "real" not in state.read_text().lower().replace(str(tmp_path).lower(), "")


def test_a_host_that_a_stack_asks_for_is_refused_and_named(project: Deployable) -> None:
    project.stack(
        **local_exec("import urllib.request; urllib.request.urlopen('https://sqs.us-east-1.amazonaws.com/')")
    )
    with pytest.raises(TerraformError) as caught:
        project.deploy()
    assert "tried to reach sqs.us-east-1.amazonaws.com:443" in caught.value.message
    assert caught.value.detail is not None
    assert "local-exec provisioner error" in caught.value.detail


def test_a_direct_connection_to_this_machines_own_address_fails(
    project: Deployable, open_decoy: Decoy, tmp_path: Path
) -> None:
    seen = tmp_path / "seen.txt"
    address = own_address()
    project.stack(
        **local_exec(
            "import socket\n"
            f"try: socket.create_connection(({address!r}, {open_decoy.port}), 5); answer = 'connected'\n"
            "except OSError as error: answer = 'refused'\n"
            f"open({str(seen)!r}, 'w').write(answer)"
        )
    )
    project.deploy()
    # Where the kernel gives no namespace, a program that ignores the proxy gets out; doctor says so.
    contained = isolation_level() != "proxy"
    assert seen.read_text() == ("refused" if contained else "connected")
    # The decoy is there for whoever may reach it.
    with socket.create_connection((address, open_decoy.port), 5) as connection:
        assert connection.recv(1) == b""
    assert open_decoy.contacts == (1 if contained else 2)


def own_address() -> str:
    """An address of this machine that is not on loopback."""
    for addresses in psutil.net_if_addrs().values():
        for address in addresses:
            if address.family == socket.AF_INET and not address.address.startswith("127."):
                return address.address
    raise AssertionError("this machine has no address but loopback")


@pytest.mark.parametrize("level", ["namespace", "user-namespace", "proxy"])
def test_each_level_reaches_the_emulator(emulator: Emulator, tmp_path: Path, level: str) -> None:
    if level != "proxy" and isolation_level() == "proxy":
        level = "proxy"
    if level == "namespace" and isolation_level() == "user-namespace":
        level = "user-namespace"
    port = emulator.url.rpartition(":")[2]
    program = (
        "import os, urllib.request; "
        f"print(urllib.request.urlopen('{emulator.url}/_harness/health').status, os.environ['HTTPS_PROXY'])"
    )
    done = run(
        (
            sys.executable,
            "-I",
            str(LAUNCHER),
            f"--isolate={port}",
            f"--level={level}",
            "--",
            *python(program),
        ),
        cwd=tmp_path,
        environ={"PATH": os.environ["PATH"]},
        lifeline=True,
    )
    assert done.code == 0, done.output
    assert done.output.startswith("200 http://127.0.0.1:")


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


def test_exit_code_output_and_missing_programs(emulator: Emulator, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"]}
    ran = run_isolated(python("print('x'); exit(7)"), url=emulator.url, cwd=tmp_path, environ=environ)
    assert (ran.code, ran.output, ran.refused) == (7, "x\n", ())
    missing = run_isolated(("no-such-program",), url=emulator.url, cwd=tmp_path, environ=environ)
    assert missing.code == 127
    assert "no-such-program cannot be started" in missing.output


DEPLOYING = """
import json, sys
from pathlib import Path
from harness.terraform import deploy
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.model.environment import Place, RunningEnvironment
from harness.project.workspace import Workspace

root, account, record = sys.argv[1:]
environment = RunningEnvironment.from_json(json.loads(record))
deploy(
    Workspace(Path(root)), Settings(app="python app.py"), environment=lambda _: environment,
    place=Place(account), progress=Progress(),
)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_terraform_ends_with_its_owner(
    project: Deployable, emulator: Emulator, tmp_path: Path, number: signal.Signals
) -> None:
    # The provisioner says that it runs, and then reads from a pipe in which nobody writes.
    begun, never = tmp_path / "begun", tmp_path / "never"
    os.mkfifo(begun)
    os.mkfifo(never)
    project.stack(**local_exec(f"open({str(begun)!r}, 'w').write('x'); open({str(never)!r}).read()"))
    owner = subprocess.Popen(
        [
            *(sys.executable, "-c", DEPLOYING, str(project.workspace.root), project.account),
            json.dumps(emulator.environment.as_json()),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with owner:
        assert begun.read_text() == "x"
        children = psutil.Process(owner.pid).children(recursive=True)
        assert any("terraform" in child.name() for child in children)
        owner.send_signal(number)
        owner.wait()
    gone, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    assert gone
