"""Proof key for code exchange (RFC 7636), with S256 only: a stolen code is worth nothing without the verifier."""

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

METHOD: Final = "S256"
_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9\-_]{43}")


def new_verifier() -> str:
    """Return a verifier of 256 random bits, 43 characters long."""
    return secrets.token_urlsafe(32)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_challenge(text: str) -> bool:
    """Is it the shape of an S256 challenge?"""
    return _CHALLENGE.fullmatch(text) is not None


def matches(verifier: str, challenge: str) -> bool:
    """Is it the verifier that the challenge was made from? Takes the same time for any wrong one of legal shape."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    return hmac.compare_digest(challenge_of(verifier).encode(), challenge.encode())
