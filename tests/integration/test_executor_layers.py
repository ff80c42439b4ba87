"""Layers: what they hold is found where a runtime searches, in their order."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.lambda_functions import LambdaFunctions

pytestmark = pytest.mark.only_on("embedded", "container")


def layer(functions: LambdaFunctions, name: str, files: dict[str, str], link: str = "") -> str:
    """Publish a layer; its version's ARN."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, next(iter(files)).rpartition("/")[2])
    made = functions.api.publish_layer_version(LayerName=name, Content={"ZipFile": stream.getvalue()})
    return str(made["LayerVersionArn"])


def test_python_finds_the_modules_of_its_layers_after_its_own(functions: LambdaFunctions) -> None:
    site = f"python/lib/{functions.runtime}/site-packages"
    first = layer(functions, "first", {"python/one.py": "NAME = 'first'"})
    second = layer(
        functions, "second", {"python/one.py": "NAME = 'second'", f"{site}/two.py": "NAME = 'two'"}
    )
    source = """
        import one, two
        def handler(event, context):
            return [one.NAME, two.NAME]
    """
    name = functions.create(source, Layers=[first, second])
    assert functions.invoke(name).payload == ["second", "two"]
    functions.api.update_function_configuration(FunctionName=name, Layers=[second, first])
    assert functions.settled(name)["LastUpdateStatus"] == "Successful"
    assert functions.invoke(name).payload == ["first", "two"]


def test_programs_and_libraries_of_a_layer_are_found(functions: LambdaFunctions) -> None:
    files = {"lib/libthing.so.1": "library", "bin/greet": "#!/bin/sh\necho hello\n"}
    arn = layer(functions, "tools", files, link="lib/libthing.so")
    source = """
        import os, subprocess
        def handler(event, context):
            folder = os.environ["LD_LIBRARY_PATH"].split(":")[-1]
            said = subprocess.run(["greet"], capture_output=True, text=True, check=True).stdout
            return [said, open(folder + "/libthing.so").read(), os.path.islink(folder + "/libthing.so")]
    """
    assert functions.invoke(functions.create(source, Layers=[arn])).payload == ["hello\n", "library", True]


@pytest.mark.only_on("embedded")
@pytest.mark.parametrize("folder", ["nodejs/node_modules", "nodejs/node20/node_modules"])
def test_nodejs_finds_the_modules_of_its_layers(functions: LambdaFunctions, folder: str) -> None:
    arn = layer(functions, "modules", {f"{folder}/thing/index.js": "exports.name = 'thing';"})
    code = {"ZipFile": zipped({"app.js": "exports.handler = async () => require('thing').name;"})}
    settings: dict[str, Any] = {"Runtime": "nodejs20.x", "Layers": [arn]}
    assert functions.invoke(functions.create("", Code=code, **settings)).payload == "thing"
    module = "import thing from 'thing'; export const handler = async () => thing.name;"
    code = {"ZipFile": zipped({"app.mjs": module})}
    assert functions.invoke(functions.create("", Code=code, **settings)).payload == "thing"


def zipped(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return stream.getvalue()
