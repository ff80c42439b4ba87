"""Handler source to deployment zip, byte for byte reproducible."""

from harness.build.archive import build_zip, read_package
from harness.build.check import check_sources
from harness.build.package import BuiltPackage, build_package
from harness.build.packages import build_packages

__all__ = ["BuiltPackage", "build_package", "build_packages", "build_zip", "check_sources", "read_package"]
