"""Home, project and register as their templates take them."""

from collections.abc import Mapping, Sequence

from tre.domain.manifest import Manifest
from tre.domain.outputs import State

Shown = dict[str, object]


def next_steps(view: Mapping[str, object]) -> list[Shown]:
    """What waits for a person, most pressing first, each with where to do it."""
    steps: list[Shown] = []
    waiting = view["waiting"]
    if isinstance(waiting, int) and waiting:
        verb = "waits" if waiting == 1 else "wait"
        noun = "request" if waiting == 1 else "requests"
        what = (
            "for output checkers: vote on those without a tie to you"
            if view["may_vote"]
            else "for output checkers"
        )
        steps.append(_step("/queue", "Review queue", after=f": {waiting} {noun} {verb} {what}."))
    for request in _maps(view["requests"]):
        where = f"/requests/{request['id']}"
        if request["state"] == State.RETURNED:
            text = str(request["title"])
            steps.append(
                _step(
                    where,
                    text,
                    "Mend and submit again: ",
                    ". The checkers' or the machine's reasons are there.",
                )
            )
        if request["state"] == State.RELEASED:
            steps.append(_step(f"{where}/bundle", str(request["title"]), "Fetch what was released: ", "."))
    return steps


def project(view: Mapping[str, object]) -> Shown:
    """A project's Five Safes in a sentence each, and its people."""
    manifest = view["manifest"]
    if not isinstance(manifest, Manifest):  # it is one; this tells the type checker so
        raise TypeError
    datasets = "; ".join(
        f"{each.name}, edition {each.edition} ({each.agreement})" for each in manifest.datasets
    )
    safes = {
        "people": f"{len(manifest.members)} people with roles, listed below with the end of their accreditation.",
        "projects": f"{manifest.public_benefit} Gateway: {view['gateway']}. Accreditation {manifest.accreditation}, "
        f"ethics {manifest.ethics}, DPIA {manifest.dpia}. Work from {manifest.starts} to {manifest.ends}.",
        "settings": f"Environment {manifest.environment}; runs without a network and with limits.",
        "data": f"{datasets}. Linked to table {manifest.linkage.table}, one row a person, study ids of this project only.",
        "outputs": f"Policy {manifest.preset}{', made stricter' if manifest.tightened else ''}. "
        f"Planned: {'; '.join(each.title for each in manifest.planned_outputs)}.",
    }
    rows = [
        [{"text": one["name"]}, {"text": one["role"]}, {"text": one["ends"] or "none is live"}]
        for one in _maps(view["people"])
    ]
    return {"safes": safes, "people_rows": rows}


def registered(view: Mapping[str, object]) -> Shown:
    """One project of the public register, with its people and its share of exact outputs in words."""
    people = [f"{one['name']}, {one['organisation']} ({one['role']})" for one in _maps(view["people"])]
    share = view["exact_share"]
    exact = (
        f"{share:.0%} of all released outputs"
        if isinstance(share, float)
        else "nothing has been released yet"
    )
    return {**view, "people_text": "; ".join(people), "exact_text": exact}


def _step(href: str, text: str, before: str = "", after: str = "") -> Shown:
    return {"href": href, "text": text, "before": before, "after": after}


def _maps(value: object) -> Sequence[Mapping[str, object]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, Sequence) else []
