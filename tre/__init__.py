"""Trusted research environment. `import tre` loads only the researcher's client, on first use."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tre.client import ClientError, Project, Request, Table, load_ipython_extension, project

__all__ = ["ClientError", "Project", "Request", "Table", "load_ipython_extension", "project"]


def __getattr__(name: str) -> object:
    """Find the researcher's names in `tre.client`, loaded when the first of them is used."""
    if name not in __all__:
        raise AttributeError(f"module 'tre' has no attribute {name!r}")
    import tre.client  # noqa: PLC0415 - the whole point: nothing is loaded before it is needed

    return getattr(tre.client, name)


def __dir__() -> list[str]:
    return sorted((*globals(), *__all__))
