"""The timeline: one HTML file that shows what happened to each message."""

from harness.report.timeline.page import render

__all__ = ["render"]
