"""ID tokens (OpenID Connect Core 1.0, section 2): signed with ES256, and checked in every claim that is relied upon."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tre.domain.errors import Refused, Unavailable

ALGORITHM: Final = "ES256"
"""The only algorithm that is signed with or accepted. Source: RFC 8725, section 3.1: one, fixed by the verifier."""

LIFE: Final = timedelta(minutes=5)
"""How long a token may be used to sign in. Source: OpenID Connect leaves it open; it is used within a second."""

LEEWAY: Final = timedelta(seconds=10)
"""How far two clocks may differ. Source: RFC 7519, 4.1.4: a few minutes at most; ours is one machine."""

_CLAIMS: Final = ("iss", "sub", "aud", "iat", "exp", "nonce", "auth_time")

Keys = Mapping[str, object]
"""A JSON Web Key Set (RFC 7517)."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """One sign-in, as the provider states it and as the client expects it.

    Attributes:
        issuer: who signs.
        audience: for whom, the client's identifier.
        nonce: the client's random word of this sign-in.
        now: the time on the clock of whoever asks.
    """

    issuer: str
    audience: str
    nonce: str
    now: datetime


def new_key() -> str:
    """Make a private key on the curve P-256, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_keys(private_pem: str) -> Keys:
    """Return the key set that verifies what this private key signs."""
    record = _public_record(private_pem)
    return {"keys": [{**record, "use": "sig", "alg": ALGORITHM, "kid": _key_id(record)}]}


def sign(private_pem: str, subject: str, occasion: Occasion) -> str:
    """Say that `subject` signed in now, for one client and one nonce."""
    moment = int(occasion.now.timestamp())
    claims = {
        "iss": occasion.issuer,
        "sub": subject,
        "aud": occasion.audience,
        "iat": moment,
        "auth_time": moment,
        "exp": moment + int(LIFE.total_seconds()),
        "nonce": occasion.nonce,
    }
    kid = _key_id(_public_record(private_pem))
    return jwt.encode(claims, private_pem, algorithm=ALGORITHM, headers={"kid": kid})


def subject_of(token: str, keys: Keys, occasion: Occasion) -> str:
    """Return who signed in, if every part of the token holds.

    Raises:
        Refused: algorithm, key, signature, issuer, audience, time, nonce or subject; the sentence is one for all.
    """
    try:
        claims = _verified(token, keys, occasion)
    except jwt.PyJWTError:
        raise _refused() from None
    subject, nonce, until = claims["sub"], claims["nonce"], claims["exp"]
    moment, lee = occasion.now.timestamp(), LEEWAY.total_seconds()
    if not isinstance(until, int) or not isinstance(claims["iat"], int) or not isinstance(nonce, str):
        raise _refused()
    in_time = claims["iat"] - lee <= moment < until + lee
    if not in_time or not hmac.compare_digest(nonce.encode(), occasion.nonce.encode()):
        raise _refused()
    if not isinstance(subject, str) or not subject:
        raise _refused()
    return subject


def _verified(token: str, keys: Keys, occasion: Occasion) -> dict[str, object]:
    """Check everything but the times, which are asked of the clock that was handed in."""
    key_id = jwt.get_unverified_header(token).get("kid")
    key = next((each for each in jwt.PyJWKSet.from_dict(dict(keys)).keys if each.key_id == key_id), None)
    if key is None:
        raise _refused()
    claims: dict[str, object] = jwt.decode(
        token,
        key.key,
        algorithms=[ALGORITHM],
        audience=occasion.audience,
        issuer=occasion.issuer,
        options={
            "require": list(_CLAIMS),
            "strict_aud": True,
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": True,
        },
    )
    return claims


def _public_record(private_pem: str) -> dict[str, object]:
    key = load_pem_private_key(private_pem.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Unavailable(
            "provider_key", "The key of the identity provider is not on P-256: move it away and start again."
        )
    record: dict[str, object] = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    return record


def _key_id(record: Mapping[str, object]) -> str:
    """The thumbprint of a public key (RFC 7638)."""
    members = {name: record[name] for name in ("crv", "kty", "x", "y")}
    return hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _refused() -> Refused:
    return Refused("id_token", "The identity provider's answer cannot be trusted. Sign in again.")
