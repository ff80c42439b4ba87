"""`harness debug`."""

from __future__ import annotations

import click

from harness.cli.app import App, command
from harness.client.debugging import (
    DEFAULT_PORT,
    attach_configuration,
    debugging,
    start_debugging,
    stop_debugging,
)
from harness.session.up import running_environment


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port on 127.0.0.1 that the editor attaches to; 0 takes a free one. "
    f"Default: {DEFAULT_PORT}; in a container the one that it has for this.",
)
@click.option("--function", metavar="NAME", help="Which function; default: the one a queue is mapped to.")
@click.option(
    "--wait/--no-wait",
    default=True,
    show_default=True,
    help="Whether an invocation waits until an editor has attached.",
)
@click.option("--stop", is_flag=True, help="Run the function without a debugger again.")
@command
def debug(app: App, *, port: int | None, function: str | None, wait: bool, stop: bool) -> int:
    """Run a function under debugpy, from its next invocation on, and show how to attach to it.

    While an editor is attached, the function's timeout is suspended. `harness debug --stop` ends it.
    """
    stack = app.stack()
    chosen = stack.function(function) if function else stack.function_mapped()
    environment = running_environment(app.workspace, app.settings)
    if stop:
        known = debugging(environment, account=stack.endpoint.account)
        stop_debugging(environment, chosen.name, account=stack.endpoint.account)
        app.show(f"{chosen.name} runs without a debugger again.")
        return app.answer({"function": chosen.name, "stopped": bool(known)})
    session = start_debugging(
        environment,
        chosen.name,
        source_root=app.workspace.root,
        account=stack.endpoint.account,
        port=port,
        wait=wait,
    )
    app.show(
        f"{chosen.name} runs under debugpy on {session.host}:{session.port} from its next invocation on"
        + (", and waits there until an editor has attached." if wait else "."),
        "Send it a message (`harness send BODY`), and attach. `harness debug --stop` ends this.",
        "\nVS Code, an entry of `configurations` in .vscode/launch.json:",
        attach_configuration("vscode", session.port, app.workspace.root),
        "\nPyCharm:",
        attach_configuration("pycharm", session.port, app.workspace.root),
    )
    return app.answer(
        {
            "function": chosen.name,
            "host": session.host,
            "port": session.port,
            "wait": session.wait,
            "source_root": str(app.workspace.root),
        }
    )
