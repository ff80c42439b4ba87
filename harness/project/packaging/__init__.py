"""Handler source to deployment zip, byte for byte reproducible."""

from harness.project.packaging.archive import build_zip, read_package
from harness.project.packaging.check import check_sources
from harness.project.packaging.package import BuiltPackage, build_package, build_packages

__all__ = ["BuiltPackage", "build_package", "build_packages", "build_zip", "check_sources", "read_package"]
