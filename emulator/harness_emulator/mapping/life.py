"""A mapping's states, from its creation until it is gone."""

from __future__ import annotations

import logging
import threading
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from harness_emulator.account import ACCOUNTS
from harness_emulator.mapping.mapping import Reader
from harness_emulator.mapping.settings import MappingSettings
from harness_emulator.time import real_time

if TYPE_CHECKING:
    from collections.abc import MutableMapping

LOG = logging.getLogger(__name__)

TRANSITION_SECONDS = 0.15
"""How long a transition is shown: real time, because Terraform waits in it. On AWS it takes seconds."""
REASON = "USER_INITIATED"
"""Row B-01: why an SQS mapping is in its state."""


class MappingState(StrEnum):
    """Row B-02."""

    CREATING = "Creating"
    ENABLING = "Enabling"
    ENABLED = "Enabled"
    DISABLING = "Disabling"
    DISABLED = "Disabled"
    UPDATING = "Updating"
    DELETING = "Deleting"


class SqsMapping:
    """One mapping of an SQS queue.

    It reads from the moment at which it is asked to, also while its state is still `Creating` or `Enabling`;
    it stops at once, also while its state is still `Disabling` or `Deleting`.

    Args:
        configuration: Its EventSourceMappingConfiguration.
        store: Where configurations are kept, by UUID.
        enabled: Whether it is to read.
    """

    def __init__(
        self, configuration: dict[str, Any], store: MutableMapping[str, Any], *, enabled: bool
    ) -> None:
        self.uuid: str = configuration["UUID"]
        self.settings = MappingSettings.of(configuration)
        self.enabled = enabled
        self._store = store
        self._lock = threading.RLock()
        self._reader = Reader(self.settings)
        self._activity = ACCOUNTS.of(self.settings.account).activity
        self.current_state = MappingState.CREATING if enabled else MappingState.DISABLED
        store[self.uuid] = {
            **configuration,
            "State": self.current_state.value,
            "StateTransitionReason": REASON,
        }

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts of the function and the queue."""
        return frozenset({self.settings.account, self.settings.queue_account})

    @property
    def in_transition(self) -> bool:
        """Whether it can be neither updated nor deleted now (row B-06)."""
        return self.current_state not in {MappingState.ENABLED, MappingState.DISABLED}

    @property
    def configuration(self) -> dict[str, Any]:
        """As it is answered."""
        with self._lock:
            return dict(self._store.get(self.uuid) or {})

    @property
    def reader(self) -> Reader:
        """What reads its queue."""
        return self._reader

    def create(self) -> None:
        """Begin, unless it is disabled."""
        WORKERS[self.uuid] = self
        if self.enabled:
            self._reader.read()
            self._pass_to(MappingState.ENABLED)

    def update(self, configuration: dict[str, Any], *, enabled: bool) -> None:
        """Go on with another configuration (row B-03)."""
        with self._lock:
            if enabled == self.enabled:
                state = MappingState.UPDATING
            else:
                state = MappingState.ENABLING if enabled else MappingState.DISABLING
            self.enabled = enabled
            self._store[self.uuid] = {**configuration, "StateTransitionReason": REASON}
            self._show(state)
        settings = MappingSettings.of(configuration)
        if settings != self.settings:
            self.settings = settings
            self._reader.configure(settings)
        if not enabled:
            self._reader.rest()
        elif state is MappingState.ENABLING:
            self._reader.read()
        self._pass_to(MappingState.ENABLED if enabled else MappingState.DISABLED)

    def delete(self) -> None:
        """Stop, and be gone a moment later (row B-05)."""
        self._show(MappingState.DELETING)
        self._reader.end()
        self._pass_to(None)

    def stop_for_shutdown(self) -> None:
        """Stop without a change of state: the emulator ends."""
        self._reader.end()

    def _pass_to(self, state: MappingState | None) -> None:
        """Show the transition for a while, then its end; None is the end of the mapping."""
        token = object()
        sentence = f"the mapping {self.uuid} of {self.settings.queue_name} is {self.current_state.value}"
        self._activity.begin(token, sentence)

        def arrive() -> None:
            try:
                if state is None:
                    WORKERS.pop(self.uuid, None)
                    with self._lock:
                        self._store.pop(self.uuid, None)
                else:
                    self._show(state)
            finally:
                self._activity.end(token)

        real_time.call_later(TRANSITION_SECONDS, arrive)

    def _show(self, state: MappingState) -> None:
        with self._lock:
            self.current_state = state
            configuration = self._store.get(self.uuid)
            if configuration is not None:
                configuration["State"] = state.value


WORKERS: dict[str, SqsMapping] = {}
"""The mappings there are, by UUID."""
