"""All deployment packages of a project, as a step of every deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.project.packaging.check import check_sources
from harness.project.packaging.package import BuiltPackage, build_package

if TYPE_CHECKING:
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace


def build_packages(workspace: Workspace, settings: Settings, progress: Progress) -> list[BuiltPackage]:
    """Make and check the packages that the settings name, each a step of its own.

    Raises:
        PackageError: A source is missing or has a syntax error, or requirements cannot be installed.
    """
    packages = []
    for package in settings.packages:
        with progress.step("package") as step:
            built = build_package(workspace, package)
            check_sources(built)
            step.detail = f"{package.output}, {'made' if built.changed else 'unchanged'}"
        packages.append(built)
    return packages
