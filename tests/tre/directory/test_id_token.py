"""ID tokens: one that is right in every part, and each part wrong in turn."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tre.directory import id_token
from tre.directory.id_token import LEEWAY, LIFE, Occasion, public_keys, sign, subject_of
from tre.domain.errors import Refused, Unavailable

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
OCCASION = Occasion("http://portal/idp", "portal", "the-nonce", NOW)
KEY = id_token.new_key()
KEYS = public_keys(KEY)
TOKEN = sign(KEY, "ada", OCCASION)


def refused(token: str, occasion: Occasion = OCCASION, keys: id_token.Keys = KEYS) -> bool:
    with pytest.raises(Refused) as caught:
        subject_of(token, keys, occasion)
    return caught.value.code == "id_token"


def claims(**changes: object) -> dict[str, object]:
    decoded = jwt.decode(TOKEN, options={"verify_signature": False})
    return {name: value for name, value in (decoded | changes).items() if value is not None}


def signed(key: str = KEY, **changes: object) -> str:
    return jwt.encode(claims(**changes), key, algorithm="ES256", headers=jwt.get_unverified_header(TOKEN))


def test_a_token_that_is_right_names_who_signed_in() -> None:
    assert subject_of(TOKEN, KEYS, OCCASION) == "ada"


@pytest.mark.parametrize(
    "occasion",
    [
        replace(OCCASION, issuer="http://portal/idp/"),
        replace(OCCASION, audience="hub"),
        replace(OCCASION, nonce="another"),
        replace(OCCASION, nonce=""),
        replace(OCCASION, now=NOW + LIFE + LEEWAY),
        replace(OCCASION, now=NOW - LEEWAY - timedelta(seconds=1)),
    ],
)
def test_a_token_for_another_occasion_is_refused(occasion: Occasion) -> None:
    assert refused(TOKEN, occasion)


@pytest.mark.parametrize("moment", [NOW - LEEWAY, NOW + LIFE])
def test_two_clocks_may_differ_a_little(moment: datetime) -> None:
    assert subject_of(TOKEN, KEYS, replace(OCCASION, now=moment)) == "ada"


@pytest.mark.parametrize("missing", ["iss", "sub", "aud", "iat", "exp", "nonce", "auth_time"])
def test_a_token_without_one_of_its_claims_is_refused(missing: str) -> None:
    assert refused(signed(**{missing: None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["portal", "other"]},
        {"aud": ["portal"]},
        {"sub": ""},
        {"sub": 7},
        {"nonce": 7},
        {"exp": "soon"},
        {"iat": "now"},
        {"exp": 1e99},
        {"nbf": int((datetime.now(UTC) + timedelta(days=1)).timestamp())},
    ],
)
def test_a_claim_of_another_kind_is_refused(changes: dict[str, object]) -> None:
    assert refused(signed(**changes))


def test_every_changed_byte_is_refused() -> None:
    for place in range(0, len(TOKEN), 7):
        other = "A" if TOKEN[place] != "A" else "B"
        changed = TOKEN[:place] + other + TOKEN[place + 1 :]
        if changed.rstrip("AB") != TOKEN.rstrip("AB"):
            assert refused(changed)


def test_the_signature_of_another_key_under_the_same_name_is_refused() -> None:
    assert refused(signed(id_token.new_key()))


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "ES384", "RS256", ""])
def test_no_other_algorithm_is_believed(algorithm: str) -> None:
    header = jwt.get_unverified_header(TOKEN) | {"alg": algorithm}
    for signature in ("", TOKEN.rsplit(".", 1)[1]):
        assert refused(f"{part(header)}.{part(claims())}.{signature}")


def test_the_public_key_is_no_shared_secret() -> None:
    """The swap to HMAC: what is public must not sign anything."""
    key = KEYS["keys"]
    assert isinstance(key, list)
    head = part({"alg": "HS256", "typ": "JWT", "kid": key[0]["kid"]})
    for secret in (json.dumps(key[0]), json.dumps(KEYS), key[0]["x"]):
        tag = hmac.digest(secret.encode(), f"{head}.{part(claims())}".encode(), "sha256")
        assert refused(f"{head}.{part(claims())}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}")


def test_a_key_that_the_token_brings_along_is_not_used() -> None:
    thief = id_token.new_key()
    known = public_keys(thief)["keys"]
    assert isinstance(known, list)
    for header in (
        {"jwk": known[0]},
        {"jku": "http://evil/keys"},
        {"kid": known[0]["kid"]},
        {"kid": "../../key"},
    ):
        assert refused(jwt.encode(claims(), thief, algorithm="ES256", headers=header))


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b.c", "x" * 5_000, TOKEN + "x", TOKEN[:-10], f"{TOKEN}.{TOKEN}"]
)
def test_what_is_no_token_is_refused(text: str) -> None:
    assert refused(text)


def test_an_empty_key_set_believes_nothing() -> None:
    assert refused(TOKEN, keys={"keys": []})


def test_the_private_key_is_not_in_the_public_set() -> None:
    assert '"d"' not in json.dumps(KEYS)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65_537, 2_048)],
    ids=["P-384", "RSA"],
)
def test_a_key_of_another_kind_is_refused_at_the_start(key) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(Unavailable, match="P-256"):
        public_keys(pem)
