"""The hub, wired. Every line that is not JupyterHub's default says why. Started by `tre up` in the hub's own folder."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hub_config.authenticator import PlatformAuthenticator
from hub_config.members import Members, Peer
from hub_config.plan import Plan
from hub_config.proxy import proxy_command, tethered
from hub_config.roles import FIXED
from hub_config.spawner import WorkspaceSpawner

IDLE_SECONDS = 3600  # a lunch; a busy kernel is not idle. Source: ours
CULL_EVERY_SECONDS = 300

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 - put here by JupyterHub, which has no types
plan = Plan.read(Path.cwd())
platform, gateway = Peer(plan.socket("members.sock")), Peer(plan.socket("gateway.sock"))

# Addresses. Hub and proxy speak over sockets in a private folder; only the proxy listens, on loopback.
c.JupyterHub.bind_url = f"http://127.0.0.1:{plan.port}/"
c.JupyterHub.public_url = f"{plan.origin}/"
c.JupyterHub.hub_bind_url = plan.url_of("hub.sock")
c.JupyterHub.hub_connect_url = plan.url_of("hub.sock")
c.JupyterHub.hub_socket_mode = 0o600
c.JupyterHub.db_url = f"sqlite:///{quote(str(Path.cwd() / 'hub.sqlite'))}"
c.JupyterHub.cookie_secret_file = str(Path.cwd() / "cookie-secret")
c.JupyterHub.log_level = "WARN"
c.ConfigurableHTTPProxy.api_url = plan.url_of("proxy.sock")
c.ConfigurableHTTPProxy.auth_token = plan.proxy_token
c.ConfigurableHTTPProxy.pid_file = str(Path.cwd() / "proxy.pid")
# The real node, never the wheel's own launcher: stopping that one leaves the proxy behind with the port.
c.ConfigurableHTTPProxy.command = tethered(*proxy_command())
c.ConfigurableHTTPProxy.log_level = "warn"

# People. Names come from the provider, rights from the platform; a hub that cannot be told lets nobody in.
c.JupyterHub.authenticator_class = PlatformAuthenticator
c.PlatformAuthenticator.members = Members(platform)
c.PlatformAuthenticator.provider_host = plan.provider_host
c.PlatformAuthenticator.authorize_url = plan.authorize_url
c.PlatformAuthenticator.token_url = plan.token_url
c.PlatformAuthenticator.userdata_url = plan.userinfo_url
c.PlatformAuthenticator.client_id = plan.client_id
c.PlatformAuthenticator.client_secret = plan.client_secret
c.PlatformAuthenticator.basic_auth = False
c.PlatformAuthenticator.scope = ["openid"]
c.PlatformAuthenticator.username_claim = "workspace_name"
c.PlatformAuthenticator.oauth_callback_url = f"{plan.origin}/hub/oauth_callback"
c.PlatformAuthenticator.logout_redirect_url = plan.portal
c.PlatformAuthenticator.login_service = "the portal"
c.PlatformAuthenticator.auto_login = True  # a page with one button helps nobody
c.PlatformAuthenticator.allow_all = (
    True  # whom the provider vouches for; without a project they can do nothing
)
c.PlatformAuthenticator.allow_existing_users = False
c.PlatformAuthenticator.manage_roles = True
c.PlatformAuthenticator.enable_auth_state = True  # the access token, with which the hub asks again
c.PlatformAuthenticator.refresh_pre_spawn = True
c.PlatformAuthenticator.auth_refresh_age = 60
c.CryptKeeper.keys = [bytes.fromhex(plan.crypt_key)]
c.PlatformAuthenticator.auth_refresh_strict = True  # without it an expired person's tokens go on working
c.JupyterHub.load_roles = list(FIXED)
c.JupyterHub.services = [
    {"name": "platform", "api_token": plan.platform_token},
    {
        "name": "idle-culler",
        "command": tethered(
            sys.executable,
            "-m",
            "jupyterhub_idle_culler",
            f"--url=http://127.0.0.1:{plan.port}/hub/api",  # it cannot speak to a socket file
            f"--timeout={IDLE_SECONDS}",
            f"--cull-every={CULL_EVERY_SECONDS}",
        ),
    },
]

# Workspaces. The unnamed server is refused at sign-in, at the spawn and in the spawner: its cookies would shadow those
# of the named ones below it.
c.JupyterHub.allow_named_servers = True
c.JupyterHub.default_url = plan.portal
c.JupyterHub.spawner_class = WorkspaceSpawner
c.WorkspaceSpawner.platform = platform
c.WorkspaceSpawner.gateway = gateway
c.WorkspaceSpawner.gateway_address = str(plan.socket("gateway.json"))
c.WorkspaceSpawner.hub_origin = plan.origin
c.WorkspaceSpawner.start_timeout = 180  # thirty at once on two cores took 54 s
c.WorkspaceSpawner.http_timeout = 60
c.WorkspaceSpawner.poll_interval = 10

c.JupyterHub.concurrent_spawn_limit = 6  # two to three a core; more are told to try again
c.JupyterHub.cleanup_servers = True  # workspaces end with the platform
c.JupyterHub.shutdown_on_logout = False

# Cookies go to the hub alone, and with forms of other sites not at all.
secure = plan.origin.startswith("https://")
c.JupyterHub.tornado_settings = {
    "cookie_options": {"secure": secure, "samesite": "Lax"},
    "xsrf_cookie_kwargs": {"secure": secure, "samesite": "Lax"},
}
