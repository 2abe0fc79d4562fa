"""What people may do at the hub: enter, start and stop the workspaces of their projects, and nothing else."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

Role = dict[str, Any]  # JupyterHub's own shape

USER: Final[Role] = {"name": "user", "scopes": ["read:users!user", "users:activity!user"]}

# The built-in roles give away tokens, sharing and other people's servers. Nobody at all is a hub admin: that role
# includes entering every workspace.
FIXED: Final[tuple[Role, ...]] = (
    USER,
    {
        "name": "platform",
        "description": "The platform stops workspaces whose person may not be in them any more.",
        "scopes": ["list:users", "read:users:name", "read:servers", "delete:servers"],
        "services": ["platform"],
    },
    {
        "name": "idle-culler",
        "description": "Stops workspaces in which nothing happens.",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    },
)


def roles_of(person: str, projects: Iterable[str]) -> list[Role]:
    """The roles of a person: what the authenticator returns replaces all others, so the plain one is among them."""
    return [USER, *(workspace_role(person, project) for project in projects)]


def workspace_role(person: str, project: str) -> Role:
    """The role of one person for one workspace. Its name is a digest: JupyterHub restricts what names look like."""
    digest = hashlib.sha256(f"{person}/{project}".encode()).hexdigest()[:32]
    return {
        "name": f"workspace-{digest}",
        "description": "One person's workspace of one project.",
        # `start:servers` is enough for the API and not for the page that starts a server.
        "scopes": [f"{scope}!server={person}/{project}" for scope in ("servers", "access:servers")],
    }
