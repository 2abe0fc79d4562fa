"""Workspaces: a process of the platform that runs their sandboxes, answers their kernels, and tells the hub who may come in."""
