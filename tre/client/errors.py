"""The one error that a researcher meets here."""

from disclosure.errors import DisclosureError


class ClientError(DisclosureError):
    """The platform said no, or cannot be asked. Has a `code` and one `sentence`, like every error of the library."""
