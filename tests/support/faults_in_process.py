"""An emulator's faults without the emulator."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, override

from harness.client.control import ControlApi, RefusedError
from harness.model.errors import NotFoundInStackError
from harness.model.faults import InvalidFaultError
from harness_emulator.faults.adversary import Adversary
from harness_emulator.faults.rules import Rule, RuleBook


class InProcess(ControlApi):
    """The control API of an emulator that is this process."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "111111111111")
        self.book = RuleBook()
        self.adversary: Adversary | None = None
        self.asked: list[str] = []

    @override
    def call(self, method: Any, route: str, body: Any = None, *, timeout: float = 30.0, **more: str) -> Any:
        assert route == "faults"
        self.asked.append(method)
        try:
            match method:
                case "GET":
                    known: list[Rule | Adversary] = [
                        *self.book.rules(),
                        *([self.adversary] if self.adversary else []),
                    ]
                    return [rule.as_json() for rule in known]
                case "POST" if body["kind"] == "adversary":
                    self.adversary = Adversary.of(body)
                    return self.adversary.as_json()
                case "DELETE" if self.adversary and more.get("id") == "adversary":
                    gone, self.adversary = self.adversary, None
                    return [gone.as_json()]
                case "DELETE":
                    return [rule.as_json() for rule in self.book.remove(more.get("id"))]
            return self.book.add(body, queues=["orders"], functions=["adder"]).as_json()
        except InvalidFaultError as error:
            raise RefusedError(f"refused: {error}", 400, {"message": str(error)}) from None


def found(names: dict[str, str]) -> Any:
    """Finds what has a name: an object with the AWS name that belongs to it."""

    def find(name: str) -> Any:
        if name not in names:
            raise NotFoundInStackError(f"nothing is called {name}")
        return SimpleNamespace(name=names[name])

    return find
