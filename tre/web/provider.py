"""The embedded identity provider: authorization code with PKCE, on loopback, refused with real data.

It shares the portal's tables and server, and nothing else: the portal checks its answers as it would a stranger's.
The portal asks for the password at each sign-in. Whoever is signed in there is known to the hub without another one.
PKCE binds each code; the hub has a secret as well, and gets an access token with which it asks who somebody is now.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self
from urllib.parse import urlencode

from tre.db.engine import Transaction
from tre.db.folders import private_folder, read_secret, write_secret
from tre.db.tables import WebSession
from tre.directory import id_token, pkce
from tre.directory.id_token import Keys, Occasion
from tre.domain.errors import BadInput, Refused
from tre.domain.people import PersonId
from tre.domain.workspaces import hub_name
from tre.services import audit, people, sessions, signin, workspaces
from tre.services.platform import Platform
from tre.services.sessions import Purpose
from tre.web.answers import Answer, Page, Record, Redirect
from tre.web.endpoint import Call, Route
from tre.web.forms import FieldError
from tre.web.guards import Origin, Who
from tre.web.identity import CLIENT, RETURN_PATH, Provider

PATH: Final = "/idp"
TITLE: Final = "Sign in"
FAILED: Final = FieldError(
    "person",
    "Name and password do not go together, or the account waits after too many attempts. Try again, or wait.",
)
"""The same for an unknown name, a wrong password and a waiting account, so that nobody learns which names exist."""


HUB_CLIENT: Final = "hub"
"""The hub's identifier at this provider."""

HUB_RETURN_PATH: Final = "/hub/oauth_callback"
"""Where people are sent back to at the hub. Source: JupyterHub's own path for it."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who may ask people to sign in.

    Attributes:
        redirect_uri: the one address that it may be answered at.
        secret: what it shows beside a code, or None for a client that PKCE alone binds.
        needs_nonce: whether it binds the ID token to the sign-in; one that asks for the person with an access token
            has no use for it.
    """

    redirect_uri: str
    secret: str | None = None
    needs_nonce: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks for: a sign-in, to be answered at its own address."""

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str

    @classmethod
    def parse(cls, fields: Mapping[str, str], clients: Mapping[str, Client]) -> Self:
        """Read an authorization request.

        Raises:
            BadInput: the client or its address is unknown, or code, PKCE, state or nonce is missing. Nobody is sent
                anywhere then: an address that was not registered must not even learn of the fault.
        """
        asked = cls(*(fields.get(name, "") for name in cls.__dataclass_fields__))
        client = clients.get(asked.client_id)
        if client is None or client.redirect_uri != asked.redirect_uri:
            raise BadInput(
                "unknown_client", "No such client is registered with this address. Begin again at the portal."
            )
        has_proof = fields.get("code_challenge_method") == pkce.METHOD and pkce.is_challenge(
            asked.code_challenge
        )
        is_code = fields.get("response_type") == "code" and "openid" in fields.get("scope", "").split()
        if not (has_proof and is_code and asked.state and (asked.nonce or not client.needs_nonce)):
            raise BadInput(
                "authorization_request",
                "The client asks in a way that is not allowed here: it needs a code, S256, state and nonce. "
                "Begin again at the portal.",
            )
        return asked

    def hidden(self) -> dict[str, str]:
        """The fields that carry it through the form."""
        fields = {name: str(getattr(self, name)) for name in self.__dataclass_fields__}
        return fields | {"response_type": "code", "scope": "openid", "code_challenge_method": pkce.METHOD}


@dataclass(frozen=True, slots=True)
class EmbeddedProvider:
    """The provider at work.

    Attributes:
        issuer: its identifier, and the address that its paths lie under.
        private_key: what it signs with, in PEM.
        clients: by identifier.
        hub: the hub's origin, where a form of ours may lead to in the end.
    """

    issuer: str
    private_key: str
    clients: Mapping[str, Client]
    hub: str

    def ask(self, tx: Transaction, call: Call) -> Answer:
        """Show the form for name and password; for the hub, know whoever is signed in to the portal."""
        asked = Asked.parse(call.query, self.clients)
        if asked.client_id != HUB_CLIENT:
            return self._form(asked)
        if call.actor is None:
            here = f"{PATH}/authorize?{urlencode(asked.hidden())}"
            return Redirect(f"/sign-in?{urlencode({'next': here})}")
        return _sent_back(tx, call.actor.id, asked)

    def check(self, tx: Transaction, call: Call) -> Answer:
        """Check name and password; send the browser back to the client with a code, or show the form again."""
        asked = Asked.parse(call.form, self.clients)
        person = signin.authenticate(tx, call.form.get("person", ""), call.form.get("password", ""))
        if person is None:
            return replace(self._form(asked, FAILED, call.form.get("person", "")), status=422)
        return _sent_back(tx, person, asked)

    def token(self, tx: Transaction, call: Call) -> Answer:
        """Answer a client that hands over its code."""
        if call.form.get("grant_type") != "authorization_code":
            return Record({"error": "unsupported_grant_type"}, status=400)
        spent = self._spent(tx, call.form)
        if spent is None:
            return Record({"error": "invalid_grant"}, status=400)
        token, row = spent
        answer: dict[str, object] = {"id_token": token, "token_type": "Bearer"}
        if row.detail["client"] == HUB_CLIENT:
            answer["access_token"] = sessions.issue(
                tx, PersonId(row.person_id), Purpose.ACCESS, client=HUB_CLIENT
            )
        return Record(answer)

    def userinfo(self, tx: Transaction, call: Call) -> Answer:
        """Tell the hub who somebody is now; somebody who may open no workspace at all is nobody to it."""
        kind, _, token = call.authorization.partition(" ")
        try:
            actor = sessions.actor_for(tx, token if kind == "Bearer" else "", Purpose.ACCESS)
        except Refused:
            return Record({"error": "invalid_token"}, status=401)
        if not actor.accredited:
            return Record({"error": "invalid_token"}, status=401)
        person = people.must_exist(tx, actor.id)
        return Record(
            {
                "sub": actor.id,
                "name": person.name,
                "workspace_name": hub_name(actor.id),
                "projects": workspaces.open_to(tx, actor.id),
            }
        )

    def exchange(self, tx: Transaction, fields: Mapping[str, str]) -> str | None:
        """Use up a code; return an ID token if client, address and verifier are those that it was made for."""
        spent = self._spent(tx, fields)
        return None if spent is None else spent[0]

    def _spent(self, tx: Transaction, fields: Mapping[str, str]) -> tuple[str, WebSession] | None:
        try:
            row = sessions.spend(tx, fields.get("code", ""), Purpose.CODE)
        except Refused:
            return None
        made_for = (row.detail["client"], row.detail["redirect"])
        if made_for != (fields.get("client_id"), fields.get("redirect_uri")):
            return None
        if not pkce.matches(fields.get("code_verifier", ""), row.detail["challenge"]):
            return None
        secret = self.clients[row.detail["client"]].secret
        if secret is not None and not hmac.compare_digest(
            secret.encode(), fields.get("client_secret", "").encode()
        ):
            return None
        occasion = Occasion(self.issuer, row.detail["client"], row.detail["nonce"], audit.clock(tx))
        return id_token.sign(self.private_key, row.person_id, occasion), row

    def keys(self) -> Keys:
        """The public key set."""
        return id_token.public_keys(self.private_key)

    def show_keys(self, _tx: Transaction, _call: Call) -> Answer:
        """Show the public key set."""
        return Record(self.keys())

    def discovery(self, _tx: Transaction, _call: Call) -> Answer:
        """Show what the provider can do (OpenID Connect Discovery 1.0)."""
        return Record(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [id_token.ALGORITHM],
                "code_challenge_methods_supported": [pkce.METHOD],
                "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
                "scopes_supported": ["openid"],
            }
        )

    def _form(self, asked: Asked, fault: FieldError | None = None, person: str = "") -> Page:
        shows = {
            "action": f"{PATH}/authorize",
            "hidden": asked.hidden(),
            "person": person,
            "errors": [] if fault is None else [fault],
        }
        return Page("sign_in.html", TITLE, shows, forms_to=self.hub)


def _sent_back(tx: Transaction, person: PersonId, asked: Asked) -> Redirect:
    """Send the browser back to the client with a code."""
    code = sessions.issue(
        tx,
        person,
        Purpose.CODE,
        client=asked.client_id,
        redirect=asked.redirect_uri,
        challenge=asked.code_challenge,
        nonce=asked.nonce,
    )
    return Redirect(f"{asked.redirect_uri}?{urlencode({'code': code, 'state': asked.state})}")


def embedded_provider(origin: Origin, hub: Origin, platform: Platform) -> EmbeddedProvider:
    """Make the provider, with a key of its own that is made at the first start.

    Raises:
        BadInput: the folder of secrets is open to others.
    """
    file = private_folder(platform.database.secrets / "application") / "id-token.key"
    if not file.exists():
        write_secret(file, id_token.new_key())
    return EmbeddedProvider(
        issuer=f"{origin.text}{PATH}",
        private_key=read_secret(file),
        clients={
            CLIENT: Client(f"{origin.text}{RETURN_PATH}"),
            HUB_CLIENT: Client(
                f"{hub.text}{HUB_RETURN_PATH}", workspaces.secret_of(platform, "client"), needs_nonce=False
            ),
        },
        hub=hub.text,
    )


def as_seen_by_portal(provider: EmbeddedProvider) -> Provider:
    """Hand the portal what it needs of the provider."""
    return Provider(provider.issuer, f"{provider.issuer}/authorize", provider.exchange, provider.keys)


def routes(provider: EmbeddedProvider) -> tuple[Route, ...]:
    """The provider's pages. Its token endpoint is for programs, and no cookie gives a request to it any power."""
    return (
        Route("GET", "/authorize", provider.ask, Who.ANYBODY),
        Route("POST", "/authorize", provider.check, Who.ANYBODY),
        Route("POST", "/token", provider.token, Who.ANYBODY, from_here=False),
        Route("GET", "/userinfo", provider.userinfo, Who.ANYBODY),
        Route("GET", "/jwks", provider.show_keys, Who.ANYBODY),
        Route("GET", "/.well-known/openid-configuration", provider.discovery, Who.ANYBODY),
    )
