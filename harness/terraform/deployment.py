"""Package, synth, init and apply, side by side where they can be, and only where something changed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.apps.configuration import configuration_of
from harness.apps.synth import App, synthesize
from harness.machine.files import locked
from harness.machine.processes import ProcessGroup
from harness.model.environment import Place
from harness.model.errors import NoEnvironmentError, PrerequisiteError, TerraformError
from harness.model.host import shown
from harness.project.packaging import build_packages, read_package
from harness.terraform.apply_watch import ApplyWatch
from harness.terraform.code_change import apply_code_changes, code_changes
from harness.terraform.diagnostics import error_text
from harness.terraform.planned import queues_in_plan, read_plan
from harness.terraform.program import find_terraform
from harness.terraform.queue_plan import QUEUE, planned_queues
from harness.terraform.queues import QueuesAhead
from harness.terraform.record import DeploymentRecord
from harness.terraform.resources import construct_ids, read_deployment, stands
from harness.terraform.stage import DOCUMENT, IMPORTS, required_providers, stage
from harness.terraform.state import TerraformState
from harness.terraform.tree import modules_may_hold
from harness.terraform.variables import InputVariables
from harness.terraform.workfolder import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from harness.apps.synth import Synthesized
    from harness.model.deployment import Deployment
    from harness.model.environment import RunningEnvironment
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace
    from harness.terraform.isolation import Ran
    from harness.terraform.program import Terraform
    from harness.terraform.stage import Staged

APPLY = ("apply", "-json", "-auto-approve", "-input=false", "-compact-warnings", "-parallelism=20")
PLAN = ("plan", "-detailed-exitcode", "-input=false", "-no-color", "-compact-warnings", "-lock=false")
PLAN_DIFFERS = 2


def deploy(
    workspace: Workspace,
    settings: Settings,
    *,
    environment: Callable[[dict[str, Any]], RunningEnvironment],
    place: Place = Place(),  # noqa: B008 - frozen
    progress: Progress,
    node: Callable[[], Path | None] | None = None,
) -> Deployment:
    """Deploy the project's stack to its place in an environment; what stands already is not deployed again.

    Args:
        workspace: The project.
        settings: Its settings.
        environment: Gives the environment, prepared for the staged document that it is called with. It is
            called when it is needed and not before, so the environment may still be starting.
        place: Where in the environment; on an emulator, an account.
        progress: Told about each step.
        node: Gives a Node.js for an app whose user has none that is new enough; called only then.

    Raises:
        HarnessError: A package, the synth, Terraform or the environment failed. Nothing of a failed apply
            is left
            but what Terraform's state names; the next deploy goes on from there.
    """
    folder = workspace.deployment(place.folder)
    with locked(folder / "lock"):
        return _Deploy(workspace, settings, place, progress, node).run(environment)


def plan_is_empty(
    workspace: Workspace,
    settings: Settings,
    environment: RunningEnvironment,
    place: Place = Place(),  # noqa: B008 - frozen
) -> tuple[bool, str]:
    """Whether Terraform, asked now, would change nothing of what is deployed; and what it says.

    Raises:
        NoEnvironmentError: Nothing is deployed there.
        TerraformError: The plan failed.
    """
    folder = workspace.deployment(place.folder)
    with locked(folder / "lock"):
        record = DeploymentRecord.read(folder)
        if record is None or record.environment != environment.id:
            raise NoEnvironmentError(f"Nothing is deployed to {environment.url} in account {place.account}.")
        terraform = find_terraform(workspace, settings)
        work = WorkFolder(workspace, place, terraform, InputVariables.of(workspace, settings))
        document = json.loads((work.path / DOCUMENT).read_text(encoding="utf-8"))
        work.initialize(document)
        ran = work.run(*PLAN, environment=environment, region=record.region)
    if ran.code not in {0, PLAN_DIFFERS}:
        raise _failure("Terraform's plan failed.", error_text(ran.output), ran)
    return ran.code == 0, ran.output


class _Deploy:
    """One deployment to one place."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        place: Place,
        progress: Progress,
        node: Callable[[], Path | None] | None,
    ) -> None:
        self._workspace = workspace
        self._settings = settings
        self._place = place
        self._progress = progress
        self._node = node
        self._variables = InputVariables.of(workspace, settings)
        self._folder = workspace.deployment(place.folder)
        self._record = DeploymentRecord.read(self._folder)
        self._group = ProcessGroup()

    def run(self, environment: Callable[[dict[str, Any]], RunningEnvironment]) -> Deployment:
        # A quiet `up` needs no Terraform at all, so it is not even looked for when all was deployed once.
        first = self._record is None
        terraform = find_terraform(self._workspace, self._settings) if first and self._is_app else None
        with ThreadPoolExecutor(1, thread_name_prefix="harness-init") as pool:
            try:
                early = pool.submit(self._work_folder, terraform, None) if terraform is not None else None
                synthesized = self._synthesize()
                staged = stage(synthesized, self._place, self._variables.known())
                digest = staged.digest(self._variables)
                ready = environment(staged.document)
                if (standing := self._standing(ready, digest)) is not None:
                    return standing
                if self._update_code(ready, staged, digest):
                    return self._read(changed=True)
                work = self._initialized(early, staged)
                if self._is_app:
                    pool.submit(self._prime)
                record = DeploymentRecord(
                    environment=ready.id,
                    stack=synthesized.stack,
                    region=staged.region,
                    digest=digest,
                    construct_ids=construct_ids(staged.document, synthesized.stack),
                )
                self._apply(work, staged, ready, record)
            except BaseException:
                self._group.end()
                raise
        return self._read(changed=True)

    def _prime(self) -> None:
        """Beside the first apply, make the next synth fast; where that fails, it is slow and no worse."""
        with suppress(PrerequisiteError, OSError):
            self._app.prime(self._group)

    @cached_property
    def _is_app(self) -> bool:
        """Whether the stack is synthesized, and not in Terraform's own language."""
        return configuration_of(self._workspace, self._settings) is None

    @cached_property
    def _app(self) -> App:
        return App(self._workspace, self._settings, self._place, self._node)

    @cached_property
    def _bound_providers(self) -> dict[str, dict[str, str]]:
        """What the app's bindings will ask for, known before the app is synthesized."""
        return self._app.providers()

    def _synthesize(self) -> Synthesized:
        build_packages(self._workspace, self._settings, self._progress)
        return synthesize(
            self._workspace,
            self._settings,
            place=self._place,
            progress=self._progress,
            node=self._node,
            last=self._record.stack if self._record is not None else None,
        )

    def _standing(self, environment: RunningEnvironment, digest: str) -> Deployment | None:
        """What is deployed, if that is just what would be."""
        record = self._record
        if (
            record is None
            or not record.complete
            or (record.environment, record.digest) != (environment.id, digest)
        ):
            return None
        deployment = read_deployment(self._folder, record, self._place, changed=False)
        if deployment is not None and environment.shared:
            endpoint = environment.endpoint(region=record.region, account=self._place.account)
            return deployment if stands(deployment, endpoint) else None
        return deployment

    def _update_code(self, environment: RunningEnvironment, staged: Staged, digest: str) -> bool:
        """Update function code without Terraform, where that is all that changed."""
        record = self._record
        if record is None or not record.complete or record.environment != environment.id:
            return False
        if environment.on_aws:  # nothing there is changed behind Terraform's back
            return False
        path = self._folder / "terraform"
        state_file = path / "terraform.tfstate"
        state = TerraformState.read(state_file)
        before = _read_json(path / DOCUMENT)
        if state is None or before is None:
            return False
        changes = code_changes(before, staged, state)
        if changes is None:
            return False
        with self._progress.step("code") as step:
            step.detail = ", ".join(change.function.attributes["function_name"] for change in changes)
            for change in changes:
                read_package(change.package)
            replace(record, digest=digest, complete=False).write(self._folder)
            staged.write(path)
            endpoint = environment.endpoint(region=staged.region, account=self._place.account)
            apply_code_changes(changes, endpoint, state, state_file)
            replace(record, digest=digest, complete=True).write(self._folder)
        return True

    def _work_folder(self, terraform: Terraform, document: dict[str, Any] | None) -> WorkFolder:
        """Initialize for `document`, or for what the installed bindings will ask for."""
        work = WorkFolder(self._workspace, self._place, terraform, self._variables)
        with self._progress.step("terraform init") as step:
            if document is None:
                document = {"terraform": {"required_providers": self._bound_providers}}
            fresh = work.initialize(document, self._group)
            step.detail = f"Terraform {terraform.version}, {'providers installed' if fresh else 'unchanged'}"
        return work

    def _initialized(self, early: Future[WorkFolder] | None, staged: Staged) -> WorkFolder:
        if early is not None:
            try:
                work = early.result()
            except TerraformError:
                # The guess asked for more than the stack does, and that could not be had.
                pass
            else:
                if (
                    required_providers(staged.document) == self._bound_providers
                    and "module" not in staged.document
                ):
                    return work
        if "module" in staged.document or staged.configuration is not None:
            # Terraform gets modules for what lies in its work folder.
            if self._record is not None:
                replace(self._record, complete=False).write(self._folder)
            staged.write(self._folder / "terraform")
        return self._work_folder(find_terraform(self._workspace, self._settings), staged.document)

    def _apply(
        self, work: WorkFolder, staged: Staged, environment: RunningEnvironment, record: DeploymentRecord
    ) -> None:
        for package in _packages(staged):
            read_package(package)
        fresh = self._record is None or self._record.environment != environment.id
        if fresh and staged.backend is not None:
            self._progress.warn(
                f"The stack keeps its state in the backend {staged.backend!r}. That is left alone: here the "
                f"state is in {shown(work.state_file)}."
            )
        with self._progress.step("terraform apply") as step:
            watch = ApplyWatch(staged.document, self._progress, step)
            if environment.on_aws:
                ran = self._apply_on_aws(work, staged, environment, record, watch)
            else:
                ran = self._apply_locally(work, staged, environment, record, watch)
            if refused := watch.failure():
                raise refused
            if ran.code:
                raise _failure("Terraform could not apply the stack.", str(watch.diagnostics), ran)
            step.detail = watch.summary
        replace(record, complete=True).write(self._folder)

    def _apply_locally(
        self,
        work: WorkFolder,
        staged: Staged,
        environment: RunningEnvironment,
        record: DeploymentRecord,
        watch: ApplyWatch,
    ) -> Ran:
        """With the queues made ahead; what was deployed to another environment is gone with that."""
        if self._record is None or self._record.environment != environment.id:
            work.discard_state()
        record.write(self._folder)
        staged.write(work.path)
        queues = QueuesAhead(environment, self._place.account)
        applied = False
        try:
            self._make_queues(queues, work, staged, environment)
            ran = work.run(*APPLY, environment=environment, region=staged.region, watch=watch)
            applied = ran.code == 0
        finally:
            if not applied:
                queues.discard(TerraformState.read(work.state_file))
            queues.close()
            (work.root / IMPORTS).unlink(missing_ok=True)
        return ran

    def _make_queues(
        self, queues: QueuesAhead, work: WorkFolder, staged: Staged, environment: RunningEnvironment
    ) -> None:
        """Those that the document alone tells all about; where it names others, those that plans tell of."""
        state = TerraformState.read(work.state_file)
        planned = planned_queues(
            staged.document, account=self._place.account, url=queues.url, variables=self._variables.known()
        )
        queues.prepare(planned, state, work.root)
        done = {queue.address for queue in planned}
        known = {address.partition("[")[0] for address in done}
        named = {f"{QUEUE}.{name}" for name in staged.document.get("resource", {}).get(QUEUE, {})}
        waiting = bool(named - known) or modules_may_hold(QUEUE, staged.document, staged.configuration)
        while waiting and (plan := read_plan(work, environment, staged.region)) is not None:
            found, waiting = queues_in_plan(plan)
            new = [queue for queue in found if queue.address not in done]
            if not new:
                return
            queues.prepare(new, state, work.root)
            done |= {queue.address for queue in new}

    def _apply_on_aws(
        self,
        work: WorkFolder,
        staged: Staged,
        environment: RunningEnvironment,
        record: DeploymentRecord,
        watch: ApplyWatch,
    ) -> Ran:
        """By Terraform alone: its state is what tells of everything that must be destroyed again."""
        record.write(self._folder)
        staged.write(work.path)
        return work.run(*APPLY, environment=environment, region=staged.region, watch=watch)

    def _read(self, *, changed: bool) -> Deployment:
        record = DeploymentRecord.read(self._folder)
        deployment = (
            read_deployment(self._folder, record, self._place, changed=changed)
            if record is not None
            else None
        )
        if deployment is None:
            raise TerraformError(f"Terraform left no state that can be read in {self._folder / 'terraform'}.")
        return deployment


def _packages(staged: Staged) -> set[Path]:
    """The zips that the stack's functions are made from."""
    if staged.assets is None:
        return set()
    blocks = staged.document.get("resource", {}).get("aws_lambda_function", {}).values()
    names = {block.get("filename") for block in blocks if isinstance(block, dict)}
    return {
        staged.assets.parent / name for name in names if isinstance(name, str) and name.startswith("assets/")
    }


def _failure(message: str, detail: str, ran: Ran) -> TerraformError:
    hint = None
    if ran.refused:
        hosts = ", ".join(ran.refused)
        message += f" The stack tried to reach {hosts}; on a local target only the emulator can be reached."
        hint = "Take the endpoint out of the stack, or leave such resources out of what you test locally."
    return TerraformError(message, detail=detail, hint=hint)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None
