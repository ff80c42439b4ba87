from __future__ import annotations

from pathlib import Path

from harness.model.host import host_variables
from harness_emulator.configuration import Options, localstack_variables

OPTIONS = Options(
    port=4566,
    data=Path("/data"),
    runtimes=Path("/runtimes"),
    strict_runtime=True,
    instance="one",
)


def test_of_the_hosts_environment_only_what_programs_need_is_kept() -> None:
    host = {
        "PATH": "/bin",
        "HOME": "/home/ada",
        "UV_CACHE_DIR": "/cache",
        "SSL_CERT_FILE": "/ca.pem",
        "AWS_PROFILE": "production",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_ENDPOINT_URL": "https://elsewhere",
        "HTTPS_PROXY": "http://proxy",
        "https_proxy": "http://proxy",
        "SERVICES": "s3",
        "DEBUG": "1",
        "LAMBDA_RUNTIME_EXECUTOR": "docker",
        "LOCALSTACK_AUTH_TOKEN": "secret",
        "PYTHONPATH": "/elsewhere",
    }
    assert host_variables(host) == {
        "PATH": "/bin",
        "HOME": "/home/ada",
        "UV_CACHE_DIR": "/cache",
        "SSL_CERT_FILE": "/ca.pem",
    }


def test_localstack_is_told_loopback_and_the_data_folder() -> None:
    variables = localstack_variables(OPTIONS)
    assert variables["GATEWAY_LISTEN"] == variables["LOCALSTACK_HOST"] == "127.0.0.1:4566"
    assert variables["FILESYSTEM_ROOT"] == "/data/filesystem"
    assert variables["TMPDIR"] == "/data/tmp"
    assert variables["LAMBDA_RUNTIME_EXECUTOR"] == "process"


def test_the_executor_is_told_whether_the_runtime_is_strict() -> None:
    assert localstack_variables(OPTIONS)["HARNESS_STRICT_RUNTIME"] == "1"
