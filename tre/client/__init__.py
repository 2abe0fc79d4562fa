"""The researcher's side: `tre.project()` in a notebook of a workspace or a trusted run."""

from tre.client.channel import Channel
from tre.client.errors import ClientError
from tre.client.magics import load_ipython_extension
from tre.client.project import Project, Request
from tre.client.table import Table

__all__ = ["ClientError", "Project", "Request", "Table", "load_ipython_extension", "project"]


def project() -> Project:
    """The project that this workspace belongs to.

    Raises:
        ClientError: this is not a workspace of the platform.
    """
    return Project(Channel.inherited())
