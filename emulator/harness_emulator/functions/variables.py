"""A function's environment variables: Lambda's, the function's own, and nothing of the host's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from localstack.services.lambda_.invocation.lambda_models import Credentials, FunctionVersion

    from harness_emulator.localstack.cloudwatch import LogStream

RESERVED = frozenset(
    {
        # AWS refuses a function configuration that sets one of these.
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    },
)


def lambda_variables(
    function: FunctionVersion,
    *,
    credentials: Credentials,
    endpoint: str,
    initialization: str,
    log: LogStream,
    private: Path,
    runtime_folder: Path,
    task_root: Path,
    opt: Path | None = None,
) -> dict[str, str]:
    """All variables of the process but `AWS_LAMBDA_RUNTIME_API` (row C-19).

    Args:
        function: The function's version.
        credentials: Of its role.
        endpoint: The emulator's URL.
        initialization: `on-demand` or `provisioned-concurrency`.
        log: Where its output goes.
        private: The environment's own folder for temporary files.
        runtime_folder: Stands for /var/runtime.
        task_root: Stands for /var/task.
        opt: Stands for /opt: the content of the layers; None without layers.
    """
    config = function.config
    platform = {
        "AWS_DEFAULT_REGION": log.region,
        "AWS_REGION": log.region,
        "AWS_LAMBDA_FUNCTION_NAME": function.id.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": function.id.qualifier,
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
        "AWS_LAMBDA_LOG_GROUP_NAME": log.group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log.stream,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.runtime}",
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
        "LAMBDA_TASK_ROOT": str(task_root),
        "LAMBDA_RUNTIME_DIR": str(runtime_folder),
        "_HANDLER": config.handler or "",
    }
    defaults = {
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        # Not AWS's: where the emulator is, and what keeps a handler's libraries from the host's files.
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(private),
        "TMPDIR": str(private),
    }
    own = {**defaults, **_logging(config.logging_config), **_own(config.environment)}
    return {**own, **({} if opt is None else _layers(own, str(config.runtime), opt)), **platform}


def _layers(variables: Mapping[str, str], runtime: str, opt: Path) -> dict[str, str]:
    """What makes runtimes search the layers, after the function's own folders.

    https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
    """
    folders: dict[str, list[Path]] = {"PATH": [opt / "bin"], "LD_LIBRARY_PATH": [opt / "lib"]}
    if runtime.startswith("python"):
        folders["PYTHONPATH"] = [opt / "python", opt / "python" / "lib" / runtime / "site-packages"]
    if runtime.startswith("nodejs"):
        modules = opt / "nodejs"
        version = runtime.removeprefix("nodejs").removesuffix(".x")
        folders["NODE_PATH"] = [modules / f"node{version}" / "node_modules", modules / "node_modules"]
    found = {}
    for name, added in folders.items():
        given = [variables[name]] if variables.get(name) else []
        parts = [*map(str, added), *given] if name == "PATH" else [*given, *map(str, added)]
        found[name] = os.pathsep.join(parts)
    return found


def _own(variables: Mapping[str, str] | None) -> dict[str, str]:
    return {name: value for name, value in (variables or {}).items() if name not in RESERVED}


def _logging(configuration: Mapping[str, str] | None) -> dict[str, str]:
    """Advanced logging controls: JSON log records, and their level."""
    if not configuration or configuration.get("LogFormat") != "JSON":
        return {}
    level = configuration.get("ApplicationLogLevel")
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", **({"AWS_LAMBDA_LOG_LEVEL": level} if level else {})}
