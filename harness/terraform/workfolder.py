"""Terraform's work folder of one deployment: initialized once, then planned and applied in isolation."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.machine.files import locked, write_atomically
from harness.model.errors import TerraformError
from harness.terraform.diagnostics import error_text
from harness.terraform.isolation import run_isolated, run_open
from harness.terraform.mirror import cli_configuration, find_mirror
from harness.terraform.program import base_environment
from harness.terraform.stage import required_providers
from harness.terraform.tree import root_of
from harness.terraform.variables import InputVariables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.machine.processes import ProcessGroup
    from harness.model.environment import Place, RunningEnvironment
    from harness.project.workspace import Workspace
    from harness.terraform.isolation import Ran, Watch
    from harness.terraform.program import Terraform

SOCKET_PATH_LIMIT = 70
"""Terraform talks to its providers over Unix sockets in TMPDIR, whose paths may have about 100 characters."""
AWS_GRACE = 120
"""Seconds that an interrupted Terraform has on AWS to end what it began, so that its state tells of it."""
LOCK = ".terraform.lock.hcl"
HOST_NETWORK = (
    # What a machine behind a proxy or a private certificate authority needs to download providers.
    *(
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
    ),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"),
)


_CHECKSUMS = re.compile(r"^ *hashes = \[[^\]]*\]\n", re.MULTILINE)


class WorkFolder:
    """The folder `terraform` of a deployment.

    Args:
        workspace: The project.
        place: Where in its environment the deployment lies.
        terraform: The program.
        variables: Terraform's input variables.
    """

    def __init__(
        self,
        workspace: Workspace,
        place: Place,
        terraform: Terraform,
        variables: InputVariables | None = None,
    ) -> None:
        self._variables = variables or InputVariables({}, {})
        self._place = place
        self.path = workspace.deployment(place.folder).resolve() / "terraform"
        self.state_file = self.path / "terraform.tfstate"
        """Where it is for a stack in Terraform's own language too."""
        self.terraform = terraform
        self._shared = workspace.state.resolve() / "terraform"
        self._configuration = cli_configuration(find_mirror())

    @property
    def root(self) -> Path:
        """Terraform's root module: this folder, or a folder of links in it."""
        return root_of(self.path)

    def initialize(self, document: dict[str, Any], group: ProcessGroup | None = None) -> bool:
        """Get the providers and modules that the document requires, unless that was done.

        Providers are shared by all deployments' folders.

        Args:
            document: The staged document, or as much of it as is known.
            group: Ends the work when it is ended.

        Returns:
            Whether anything had to be got.

        Raises:
            TerraformError: Terraform cannot get them.
        """
        modules = document.get("module")
        required = required_providers(document)
        if modules:
            data, init_in = self.root / ".terraform", self.root
            document_there = document
        else:
            key = _key(required, self.terraform, self._configuration)
            data = init_in = self._shared / key
            document_there = {"terraform": {"required_providers": required}}
        with locked(self._shared / "lock"):
            done = init_in / "initialized"
            key = _key(document_there, self.terraform, self._configuration)
            fresh = not _says(done, key)
            if fresh:
                done.unlink(missing_ok=True)
                init_in.mkdir(parents=True, exist_ok=True)
                if not modules:
                    write_atomically(init_in / "cdk.tf.json", json.dumps(document_there))
                self._init(init_in, group)
                write_atomically(done, key)
        self.path.mkdir(parents=True, exist_ok=True)
        self._use(data, init_in / LOCK)
        return fresh

    def run(
        self, *arguments: str, environment: RunningEnvironment, region: str, watch: Watch | None = None
    ) -> Ran:
        """Run a Terraform command that reaches the environment's emulator and nothing else, or AWS.

        Args:
            arguments: Terraform's.
            environment: Where.
            region: The default AWS provider's.
            watch: Follows the command, and may end it where it does not run on AWS.
        """
        root = self.root
        self._variables.write(root)
        if environment.on_aws:
            return self._run_on_aws(*arguments, url=environment.url, region=region, watch=watch)
        _drop_checksums(root / LOCK)
        with self._environ() as environ:
            environ |= {
                **self._variables.environ,
                "AWS_ENDPOINT_URL": environment.url,
                "AWS_ACCESS_KEY_ID": self._place.account,
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_REGION": region,
            }
            return run_isolated(
                (str(self.terraform.path), *arguments),
                url=environment.url,
                cwd=root,
                environ=environ,
                watch=watch,
            )

    def _run_on_aws(self, *arguments: str, url: str, region: str, watch: Watch | None) -> Ran:
        """With the host's credentials as they are now, in Terraform's environment and nowhere else."""
        from harness.client.aws_account import credential_variables  # noqa: PLC0415 - imports boto3

        with self._environ() as environ:
            environ |= {
                name: os.environ[name] for name in (*HOST_NETWORK, "AWS_CA_BUNDLE") if name in os.environ
            }
            environ |= {
                **self._variables.environ,
                **credential_variables(),
                **({"AWS_ENDPOINT_URL": url} if url else {}),
                "AWS_REGION": region,
            }
            return run_open(
                (str(self.terraform.path), *arguments),
                cwd=self.root,
                environ=environ,
                grace=AWS_GRACE,
                on_line=None if watch is None else watch.wrote,
            )

    def discard_state(self) -> None:
        """Forget what was deployed: the environment that held it is gone."""
        for name in ("terraform.tfstate", "terraform.tfstate.backup", ".terraform.tfstate.lock.info"):
            (self.path / name).unlink(missing_ok=True)

    def _init(self, folder: Path, group: ProcessGroup | None) -> None:
        (folder / LOCK).unlink(missing_ok=True)
        with self._environ() as environ:
            environ |= {name: os.environ[name] for name in HOST_NETWORK if name in os.environ}
            ran = run_open(
                (str(self.terraform.path), "init", "-input=false", "-no-color", "-upgrade"),
                cwd=folder,
                environ=environ,
                group=group,
            )
        if ran.code:
            raise TerraformError(
                "Terraform cannot get the providers and modules that the stack requires (terraform init).",
                detail=error_text(ran.output),
                hint="Where registry.terraform.io cannot be reached, put the providers into a mirror folder: "
                "https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories",
            )

    def _use(self, data: Path, lock: Path) -> None:
        """Make this folder initialized as `data` and `lock` are."""
        link = self.root / ".terraform"
        if data == link:
            return
        if link.is_symlink() or not link.exists():
            if not link.is_symlink() or link.readlink() != data / ".terraform":
                link.unlink(missing_ok=True)
                link.symlink_to(data / ".terraform")
        else:
            shutil.rmtree(link)
            link.symlink_to(data / ".terraform")
        target = self.root / LOCK
        content = lock.read_bytes() if lock.is_file() else None
        if content is None:
            target.unlink(missing_ok=True)
        elif not target.is_file() or target.read_bytes() != content:
            write_atomically(target, content)

    @contextmanager
    def _environ(self) -> Iterator[dict[str, str]]:
        """Terraform's environment, with a private home and a private temporary folder."""
        home = self._shared / "home"
        home.mkdir(parents=True, exist_ok=True)
        configuration = self._shared / "terraform.rc"
        if not _says(configuration, self._configuration):
            write_atomically(configuration, self._configuration)
        base = self._shared / "tmp"
        base.mkdir(exist_ok=True)
        short = None if len(str(base)) > SOCKET_PATH_LIMIT else base
        with tempfile.TemporaryDirectory(prefix="hx-", dir=short, ignore_cleanup_errors=True) as temporary:
            yield base_environment(os.environ, home=home, temporary=Path(temporary), cli_config=configuration)


def _drop_checksums(lock: Path) -> None:
    """Let Terraform run the provider that `init` has just checked: it would read all of its 675 MB each time.

    Not for AWS, where what runs gets credentials that are worth something.
    """
    if lock.is_file():
        text = lock.read_text(encoding="utf-8")
        if (bare := _CHECKSUMS.sub("", text)) != text:
            write_atomically(lock, bare)


def _key(value: Any, terraform: Terraform, configuration: str) -> str:
    text = json.dumps([value, str(terraform.path), terraform.version, configuration], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _says(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except OSError:
        return False
