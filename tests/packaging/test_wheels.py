"""What the built wheels hold and say about themselves."""

from __future__ import annotations

from email.parser import Parser
from typing import TYPE_CHECKING
from zipfile import ZipFile

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

    from tests.packaging.conftest import Wheels


def names(wheel: Path) -> list[str]:
    with ZipFile(wheel) as content:
        return content.namelist()


def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as content:
        (file,) = (name for name in content.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(content.read(file).decode())


def test_the_metadata_is_complete(wheels: Wheels) -> None:
    for wheel in (wheels.client, wheels.emulator):
        said = metadata(wheel)
        for field in ("Author", "Keywords", "Summary", "Project-URL", "License-Expression", "License-File"):
            assert said[field], f"{field} of {wheel.name}"
        assert said["Description-Content-Type"] == "text/markdown"
        assert any(name.endswith("/licenses/LICENSE") for name in names(wheel))


def test_users_versions_are_left_to_users(wheels: Wheels) -> None:
    requirements = metadata(wheels.client).get_all("Requires-Dist") or []

    always = {text.split(";")[0] for text in requirements if "extra ==" not in text}
    assert "boto3>=1.34" in always
    assert not [text for text in requirements if "==" in text.split(";")[0] or "<" in text.split(";")[0]]
    assert metadata(wheels.client)["Requires-Python"] == ">=3.10"
    assert metadata(wheels.client)["Version"] == metadata(wheels.emulator)["Version"]


def test_the_client_is_typed_and_carries_the_emulators_lock(wheels: Wheels) -> None:
    held = names(wheels.client)

    assert "harness/py.typed" in held
    assert "harness/installation/requirements.txt" in held
    assert {name.split("/")[0] for name in held if ".dist-info" not in name} == {"harness"}


def test_the_emulator_brings_the_model_and_nothing_else_of_the_client(wheels: Wheels) -> None:
    held = names(wheels.emulator)

    assert "harness/model/environment.py" in held
    assert {tuple(name.split("/")[:2]) for name in held if name.startswith("harness/")} == {
        ("harness", "model")
    }
