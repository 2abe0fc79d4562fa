"""Signing in at the hub: the stock OpenID Connect client, with the platform's live word on who may be where."""

from typing import Any

from jupyterhub.spawner import Spawner, SpawnException
from jupyterhub.user import User
from oauthenticator.generic import GenericOAuthenticator
from traitlets import Instance, Unicode

from hub_config.members import Members, Refusal
from hub_config.roles import roles_of

UNNAMED = "A workspace belongs to a project: open it from the project's page in the portal."
Model = dict[str, Any]  # JupyterHub's own shape of who signed in


class PlatformAuthenticator(GenericOAuthenticator):  # type: ignore[misc]  # JupyterHub has no types
    """Takes names from the identity provider and rights from the platform, at each sign-in and each refresh."""

    members = Instance(Members, help="Asks the platform.").tag(config=True)
    provider_host = Unicode(
        "", help="Host header of calls to the provider, where the address is loopback."
    ).tag(config=True)

    def build_userdata_request_headers(self, access_token: str, token_type: str) -> dict[str, str]:
        """Name the provider as browsers do: on loopback the address does not."""
        return self._named(super().build_userdata_request_headers(access_token, token_type))

    def build_token_info_request_headers(self) -> dict[str, str]:
        """Likewise."""
        return self._named(super().build_token_info_request_headers())

    async def update_auth_model(self, auth_model: Model) -> Model:
        """Put in the roles of this moment. When the platform cannot be asked, there are none.

        Raises:
            HTTPError: the platform cannot be asked; whoever is signed in stays so and can do nothing until it can.
        """
        try:
            projects = await self.members.projects_of(auth_model["name"])
        except Refusal as refusal:
            raise SpawnException(refusal.sentence, reason=refusal.code, status_code=refusal.status) from None
        return {**auth_model, "admin": False, "roles": roles_of(auth_model["name"], projects)}

    async def pre_spawn_start(self, user: User, spawner: Spawner) -> None:
        """Let nothing start that the platform does not allow at this moment, whoever asks the hub for it.

        Raises:
            SpawnException: the server has no project's name, or its person may not be in that project.
        """
        if not spawner.name:
            raise SpawnException(UNNAMED, reason="unnamed", status_code=400)
        try:
            await self.members.must_be_member(user.name, spawner.name)
        except Refusal as refusal:
            raise SpawnException(refusal.sentence, reason=refusal.code, status_code=refusal.status) from None

    def _named(self, headers: dict[str, str]) -> dict[str, str]:
        return {**headers, "Host": self.provider_host} if self.provider_host else headers
