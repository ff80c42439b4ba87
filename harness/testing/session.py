"""The environment of a test run: brought up when a test first asks, once per variation of the stack."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from harness.model.errors import (
    AwsAccessError,
    EmulatorError,
    EngineError,
    HarnessError,
    TerraformMissingError,
)
from harness.model.progress import Progress
from harness.project.workspace import Workspace
from harness.testing.run_timeline import clear_runs
from harness.testing.signals import end_orderly_on_sigterm
from harness.testing.terminal import shown_progress
from harness.testing.variations import Variation

if TYPE_CHECKING:
    import pytest

    from harness.client import Stack
    from harness.environments.target import Target
    from harness.model.deployment import Deployment
    from harness.model.environment import Owner, RunningEnvironment
    from harness.project.settings import Settings
    from harness.testing.broker import BrokerAddress
    from harness.testing.options import Options


@dataclass(frozen=True)
class Deployed:
    """A variation that is up.

    Attributes:
        environment: Where.
        deployment: What, as the Terraform state tells it.
        stack: What a test holds.
    """

    environment: RunningEnvironment
    deployment: Deployment
    stack: Stack


class HarnessSession:
    """What the `harness_session` fixture gives: the project, its settings, and its stack in each variation.

    An environment that is up is used, and stays up. Otherwise one is started that ends with this process,
    however that ends, unless `--harness-keep` was given.

    Args:
        config: The run.
        options: Its options.
        worker: The name of this worker of pytest-xdist, None without it.
        broker: Where the run's first process starts the environment that its workers share.
    """

    def __init__(
        self,
        config: pytest.Config,
        options: Options,
        worker: str | None = None,
        broker: BrokerAddress | None = None,
    ) -> None:
        self._config = config
        self._options = options
        self.worker = worker
        self._broker = broker
        self._started: RunningEnvironment | None = None
        self._target: Target | None = None  # held: what it started may end with it
        self._deployed: dict[Variation, Deployed | Exception] = {}
        self._unusable: Exception | None = None
        self.begun = False
        if broker is None:
            end_orderly_on_sigterm()

    @cached_property
    def workspace(self) -> Workspace:
        """The project's folders: those of pytest's root, or of where pytest was called."""
        try:
            return Workspace.find(self._config.rootpath)
        except HarnessError:
            return Workspace.find(self._config.invocation_params.dir)

    @cached_property
    def settings(self) -> Settings:
        """The project's settings, with what the command line overrides."""
        from harness.session.targets import load_settings  # noqa: PLC0415 - only where a stack is used

        settings = load_settings(self.workspace)
        return replace(
            settings,
            target=self._options.target or settings.target,
            app=self._options.app or settings.app,
            stack=self._options.stack or settings.stack,
        )

    def deployed(self, variation: Variation | None = None) -> Deployed:
        """The stack in `variation` (default: as it is), deployed when first asked for.

        Raises:
            HarnessError: It cannot be brought up. Said again, not tried again, for each test that needs it.
        """
        variation = variation or Variation()
        self._begin()
        if self._unusable:
            raise self._unusable
        if variation not in self._deployed:
            try:
                self._deployed[variation] = self._bring_up(variation)
            except (AwsAccessError, EmulatorError, EngineError, TerraformMissingError) as error:
                self._unusable = error  # nothing of it depends on the variation
                raise
            except Exception as error:
                self._deployed[variation] = error
                raise
        found = self._deployed[variation]
        if isinstance(found, Exception):
            raise found
        return found

    @property
    def stacks(self) -> list[Stack]:
        """The stacks of the variations that are up."""
        return [found.stack for found in self._deployed.values() if isinstance(found, Deployed)]

    def reset(self, deployed: Deployed) -> None:
        """Put the deployed code back, and empty the queues once no invocation would still send results.

        Raises:
            HarnessError: An invocation of an earlier test does not end, or the queues cannot be emptied.
        """
        from harness.session.resetting import reset  # noqa: PLC0415 - only where a stack is used

        reset(deployed.environment, deployed.stack)

    def ensure_environment(self) -> RunningEnvironment:
        """The environment, with nothing deployed by this call; started where none is up.

        Raises:
            HarnessError: It cannot be started.
        """
        from harness.session.targets import target_for  # noqa: PLC0415 - only where a stack is used

        self._begin()
        if self._unusable:
            raise self._unusable
        try:
            if self._broker:
                self._broker.ask()
            target = self._target = self._target or target_for(
                self.settings, self.workspace, asked=self._options.target
            )
            environment = target.running()
            if environment is None:
                with shown_progress(self._config, "harness: starting the environment") as progress:
                    environment = self._started = target.start(progress, owner=self._owner)
        except HarnessError as error:
            self._unusable = error
            raise
        return environment

    def _begin(self) -> None:
        """Once in a run: remove what an earlier one left, which would be taken for this one's."""
        if not self.begun and self.worker is None:
            clear_runs(self.workspace.report)
        self.begun = True

    def destroy(self) -> None:
        """Stop what this run started on AWS, unless it was told to keep it: that takes time, and may fail.

        Raises:
            HarnessError: Some of it is left; the message says what, and the command that mends it.
        """
        if self._started is not None and self._started.on_aws and not self._options.keep:
            with shown_progress(self._config, "harness: destroying what this run made on AWS") as progress:
                self._stop(progress)

    def close(self) -> None:
        """Stop what this run started, unless it was told to keep it."""
        if self._started is None or self._options.keep:
            return
        self._stop(Progress())

    def _stop(self, progress: Progress) -> None:
        from harness.session import up  # noqa: PLC0415 - only where a stack was used

        started, self._started = self._started, None
        if started is not None:
            up.take_down(self.workspace, self.settings, progress, only=started.id, held=self._target)

    @property
    def _owner(self) -> Owner:
        return "detached" if self._options.keep else "this-process"

    def _bring_up(self, variation: Variation) -> Deployed:
        settings = self.settings
        from harness.session import up  # noqa: PLC0415 - a run without a test that uses a stack loads no boto3

        if self._broker:
            self._broker.ask()
        settings = replace(settings, environment={**settings.environment, **dict(variation.variables)})
        with shown_progress(self._config, f"harness: bringing the stack up ({variation})") as progress:
            session = up.bring_up(
                self.workspace,
                settings,
                seed=variation.seed(self.worker),
                progress=progress,
                asked=self._options.target,
                owner=self._owner,
            )
        if session.started:
            self._started = session.environment
        return Deployed(session.environment, session.deployment, session.stack())
