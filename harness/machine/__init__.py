"""This machine: files and locks, processes, ports, HTTP without proxies."""
