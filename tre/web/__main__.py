"""Serve the portal on loopback until told to stop."""

import sys

import uvicorn

from tre.domain.errors import BadInput, TreError
from tre.services.platform import opened
from tre.settings import Settings, read_settings
from tre.web.app import create_app

LOOPBACK = ("127.0.0.1", "::1", "localhost")
STOP_SECONDS = 10


def main() -> int:
    """Serve the portal; what cannot be said on a page is said to the operator."""
    try:
        _serve()
    except TreError as error:
        print(error.sentence, file=sys.stderr)  # noqa: T201 - words for the operator
        return error.exit_code
    return 0


def _serve() -> None:
    """Open the platform and serve it; a signal to stop lets running requests end."""
    settings = read_settings()
    must_be_loopback(settings)
    with opened(settings) as platform:
        # No access log: addresses of sign-ins hold codes, and the audit log says who did what.
        uvicorn.run(
            create_app(platform),
            host=settings.portal_host,
            port=settings.portal_port,
            access_log=False,
            log_level="warning",
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )


def must_be_loopback(settings: Settings) -> None:
    """Refuse to speak plain http to the network; a proxy in front of us ends TLS.

    Raises:
        BadInput: the address that is listened on is not this machine's own.
    """
    if settings.portal_host not in LOOPBACK:
        raise BadInput(
            "not_loopback",
            "The portal listens on this machine only: set TRE_PORTAL_HOST to 127.0.0.1 and put a proxy with TLS before it.",
        )


if __name__ == "__main__":
    sys.exit(main())
