"""What a project's data and policy let leave at all: the regime of each dataset, and the precisions of the menu."""

from collections.abc import Iterable

from disclosure.dp import PRECISIONS
from tre.db.engine import Transaction
from tre.db.tables import Extract
from tre.domain.errors import Refused
from tre.domain.ledger import must_have_exact_room
from tre.domain.manifest import Manifest
from tre.domain.outputs import Mode
from tre.domain.regime import Regime, admit_exact_mode, admit_exact_verdict, strictest
from tre.services import ledger, projects


def admit(
    tx: Transaction, manifest: Manifest, extract: Extract, asked: Iterable[tuple[Mode, int | None]]
) -> None:
    """Let through what the regimes of the linked datasets and the project's menu allow.

    Args:
        tx: the transaction.
        manifest: of the project.
        extract: the data that is asked about.
        asked: per item its mode, and for a noisy one its cost in nano-rho.

    Raises:
        Refused: an exact item on data that leave with noise only, more of them than the accounts have left, or a cost that
            is not on the menu.
    """
    regimes, asked = regimes_of(tx, manifest, extract), list(asked)
    exact = sum(mode is Mode.EXACT for mode, _ in asked)
    if exact:
        admit_exact_mode(regimes)
        must_have_exact_room(ledger.balances(tx, projects.accounts_behind(extract)), exact)
    for mode, nano_rho in asked:
        if mode is Mode.EXACT:
            continue
        if manifest.budget.menu_only and nano_rho not in set(PRECISIONS.values()):
            raise Refused(
                "menu_only",
                f"This project takes precisions of the menu only. Choose one of: {', '.join(PRECISIONS)}.",
            )


def admit_verdict(tx: Transaction, extract: Extract) -> None:
    """Let a verdict be computed from an extract's rows where an exact release could follow it.

    Raises:
        Refused: the data leave with noise only, or no exact release is left on an account.
    """
    manifest = projects.manifest_of(tx, extract.project_id)
    admit_exact_verdict(regimes_of(tx, manifest, extract))
    must_have_exact_room(ledger.balances(tx, projects.accounts_behind(extract)))


def regimes_of(tx: Transaction, manifest: Manifest, extract: Extract) -> dict[str, Regime]:
    """The regime of each dataset in an extract: the contract's, or the project's own where that is stricter.

    Raises:
        NotFound: nobody has registered an edition that the extract was built from.
    """
    found = {}
    for name, edition in sorted(extract.editions.items()):
        known = projects.contract_of(tx, name, edition).regime
        declared = manifest.dataset(name)
        own = None if declared is None else declared.regime
        found[name] = strictest({"contract": known, "project": known if own is None else own})
    return found


def default_mode(tx: Transaction, project_id: str) -> Mode:
    """How an item leaves where nobody says how: with noise, unless every dataset behind it is released exact."""
    manifest, extract = projects.manifest_of(tx, project_id), projects.extract_of(tx, project_id)
    regimes = regimes_of(tx, manifest, extract)
    return Mode.EXACT if strictest(regimes) is Regime.EXACT else Mode.NOISY
