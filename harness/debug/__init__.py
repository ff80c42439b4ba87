"""Debugger attach."""
