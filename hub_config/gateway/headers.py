"""Which headers pass, and which the gateway sets itself on every answer.

Whatever a workspace's server says about policy, cookies, names of files or other places is dropped: the server belongs
to the researcher. Source of the set: section 4 of the project's research, measured in Chromium.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

FROM_BROWSER: Final = frozenset({"accept", "accept-language"})
FROM_WORKSPACE: Final = frozenset({"last-modified"})

ALWAYS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    # The browser connects to the origin of the answer and to nothing else, not even by WebRTC or for a name: what a
    # content security policy leaves open. A draft of the WICG; Chromium 156 obeys it, others ignore it.
    "Connection-Allowlist": "(response-origin)",
    "Cross-Origin-Opener-Policy": "noopener-allow-popups",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "camera", "clipboard-read", "clipboard-write", "display-capture", "geolocation", "hid",
            "idle-detection", "local-fonts", "microphone", "midi", "payment", "publickey-credentials-get",
            "screen-wake-lock", "serial", "storage-access", "usb", "window-management",
        )
    ),
    "Referrer-Policy": "no-referrer",
    "Server": "workspace",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "X-Permitted-Cross-Domain-Policies": "none",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origins:
    """The two places that a browser knows.

    Attributes:
        hub: scheme, host and port under which browsers reach the hub and, behind it, this gateway.
        portal: scheme, host and port of the portal, the only page that may frame a workspace.
    """

    hub: str
    portal: str


def workspace_policy(origins: Origins, base_url: str) -> str:
    """Return the content security policy of a workspace's answers: nothing but its own path, in the portal's frame.

    Sources name the path, since all workspaces share one origin. Scripts may be inline and evaluated: they are the
    researcher's, and what they can reach is what is limited.
    """
    own = f"{origins.hub}{base_url}"
    channel = own.replace("http", "ws", 1)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {own}static/ {own}lab/ blob: 'unsafe-inline' 'unsafe-eval'",
            f"style-src {own} blob: 'unsafe-inline'",
            f"font-src {own} data:",
            f"img-src {own} data: blob:",
            f"connect-src {own} {channel}",
            f"worker-src {own}static/ blob:",
            "frame-src blob: data:",
            "media-src data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {origins.portal}",
            "sandbox allow-scripts allow-same-origin allow-forms allow-modals",
        )
    )


def own_page_policy(origins: Origins, style_digest: str) -> str:
    """Return the policy of the gateway's own pages: no script, one style, one link out of the frame."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{style_digest}'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {origins.portal}",
            "sandbox allow-top-navigation-by-user-activation",
        )
    )
