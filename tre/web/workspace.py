"""A person's workspace of one project, inside the portal's frame."""

from urllib.parse import urlencode

from tre.db.engine import Transaction
from tre.domain.workspaces import hub_name
from tre.services import views, workspaces
from tre.web.answers import Answer, Page
from tre.web.endpoint import Call
from tre.web.guards import hub_origin_of


def show(tx: Transaction, call: Call) -> Answer:
    """Show the workspace in a frame, and where to enter it first.

    Only here: a page that is framed by us cannot lead the browser elsewhere and take data along in the address.

    Raises:
        Refused: the person may not be in it now.
    """
    project = call.path["project"]
    workspaces.must_be_allowed(tx, call.person.id, project)
    hub, name = hub_origin_of(call.platform.settings).text, hub_name(call.person.id)
    base = f"{hub}/user/{name}/{project}/"
    shows = {
        **views.project(tx, project),
        "start": f"{hub}/hub/spawn/{name}/{project}?{urlencode({'next': f'/user/{name}/{project}/enter'})}",
        "address": f"{base}lab" if "open" in call.query else None,
    }
    return Page("workspace.html", "Workspace", shows, frames=base)
