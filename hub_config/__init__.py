"""The stock JupyterHub around workspaces: wiring only. It reaches the platform by its socket, never by import."""
