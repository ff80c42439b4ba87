"""The user's project: settings, folders, deployment packages."""
