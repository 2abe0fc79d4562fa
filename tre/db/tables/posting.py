"""The four postings of the ledger as functions of the database: each is one statement to whoever calls it.

A caller's request, its charge and its accounts change in the caller's transaction, all or nothing. Every function takes
its locks in one order (charges by item, accounts by identifier, questions by number) and holds the accounts' rows for no
more than its own few steps and the commit. The rules stand in `tre.domain.ledger`; here they are carried out, and the
constraints of the tables stand behind. The functions run with the caller's own rights; their plans are made once a
connection, since planning costs more than the work.
"""

from typing import Final

from tre.domain.audit import Event
from tre.domain.ledger import ANSWERED, ChargeState, EntryKind

_ANSWERED: Final = ", ".join(f"'{state}'" for state in ANSWERED)

_LOCK_ACCOUNTS: Final = (
    # The names stay unlocked, so that this does not wait for the share that a posting takes of its account.
    'PERFORM FROM core.account WHERE id = ANY(legs) ORDER BY id COLLATE "C" FOR NO KEY UPDATE;'
)

_LOCK_CHARGES: Final = """PERFORM FROM core.charge WHERE item_id = ANY(asked) ORDER BY item_id COLLATE "C" FOR UPDATE;
    legs := ARRAY(SELECT DISTINCT jsonb_array_elements_text(accounts -> 'ids') FROM core.charge WHERE item_id = ANY(asked));"""


def _noted(event: Event, actor: str, charges: str) -> str:
    """One audit line for each of some charges, by the actor that an expression names."""
    return f"""INSERT INTO core.audit_event (event, actor, subject, detail)
        SELECT '{event}', {actor}, 'item:' || item_id, jsonb_build_object('nano_rho', price)
            || CASE WHEN atto_delta > 0 THEN jsonb_build_object('atto_delta', atto_delta) ELSE '{{}}' END
        FROM {charges} ORDER BY item_id"""  # noqa: S608  constants of the house


RESERVE: Final = f"""CREATE FUNCTION core.post_reserve(actor text, asked text[], legs text[]) RETURNS boolean
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    paid text[];
    cost bigint;
    risk bigint;
    fitting bigint;
BEGIN
    {_LOCK_ACCOUNTS}
    paid := ARRAY(SELECT charge.fingerprint FROM core.item JOIN core.charge USING (fingerprint)
        WHERE item.id = ANY(asked) AND charge.state IN ({_ANSWERED}));
    SELECT coalesce(sum(price), 0), coalesce(sum(atto_delta), 0) INTO cost, risk
        FROM core.item WHERE id = ANY(asked) AND fingerprint <> ALL(paid);
    SELECT count(*) INTO fitting FROM core.account WHERE id = ANY(legs)
        AND cost <= cap - spent - reserved AND risk <= delta_cap - delta_spent - delta_reserved;
    IF fitting < cardinality(legs) THEN
        RETURN false;
    END IF;
    WITH held AS (
        INSERT INTO core.charge (id, item_id, fingerprint, price, atto_delta, accounts, state)
        SELECT id, id, fingerprint, CASE WHEN fingerprint = ANY(paid) THEN 0 ELSE price END,
            CASE WHEN fingerprint = ANY(paid) THEN 0 ELSE atto_delta END,
            jsonb_build_object('ids', to_jsonb(legs)), '{ChargeState.RESERVED}'
        FROM core.item WHERE id = ANY(asked)
        RETURNING item_id, price, atto_delta
    ), posted AS (
        INSERT INTO core.ledger_entry (account_id, item_id, kind, nano_rho, atto_delta)
        SELECT leg, item_id, '{EntryKind.RESERVE}', price, atto_delta FROM held, unnest(legs) leg ORDER BY item_id, leg
    ), noted AS (
        {_noted(Event.BUDGET_RESERVED, "actor", "held")}
    )
    UPDATE core.account SET reserved = reserved + cost, delta_reserved = delta_reserved + risk WHERE id = ANY(legs);
    RETURN true;
END
$$;"""  # noqa: S608  constants of the house
"""Hold what items cost on every account, or answer false and change nothing. A question that is paid for costs nothing."""

VOID: Final = f"""CREATE FUNCTION core.post_void(actor text, asked text[]) RETURNS bigint
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    legs text[];
BEGIN
    {_LOCK_CHARGES}
    asked := ARRAY(SELECT item_id FROM core.charge WHERE item_id = ANY(asked) AND state = '{ChargeState.RESERVED}');
    IF cardinality(asked) = 0 THEN
        RETURN 0;
    END IF;
    {_LOCK_ACCOUNTS}
    WITH freed AS (
        UPDATE core.charge SET state = '{ChargeState.VOID}' WHERE item_id = ANY(asked)
        RETURNING item_id, price, atto_delta, accounts
    ), moved AS (
        SELECT item_id, leg, price, atto_delta FROM freed, jsonb_array_elements_text(accounts -> 'ids') leg
    ), posted AS (
        INSERT INTO core.ledger_entry (account_id, item_id, kind, nano_rho, atto_delta)
        SELECT leg, item_id, '{EntryKind.VOID}', -price, -atto_delta FROM moved ORDER BY item_id, leg
    ), noted AS (
        {_noted(Event.BUDGET_VOIDED, "actor", "freed")}
    )
    UPDATE core.account SET reserved = reserved - cost, delta_reserved = delta_reserved - risk
    FROM (SELECT leg, sum(price) AS cost, sum(atto_delta) AS risk FROM moved GROUP BY leg) AS each WHERE id = leg;
    RETURN cardinality(asked);
END
$$;"""  # noqa: S608  constants of the house
"""Give back what items hold, if they hold anything; answer for how many. What was charged stays charged."""

CHARGE: Final = f"""CREATE FUNCTION core.post_charge(actor text, asked text[]) RETURNS boolean
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    legs text[];
    paid text[];
    payers text[];
    held bigint;
BEGIN
    {_LOCK_CHARGES}
    {_LOCK_ACCOUNTS}
    PERFORM pg_advisory_xact_lock(question) FROM (
        SELECT DISTINCT hashtextextended(fingerprint, 0) AS question FROM core.charge WHERE item_id = ANY(asked) ORDER BY 1
    ) questions;
    SELECT count(*) INTO held FROM core.charge WHERE item_id = ANY(asked) AND state = '{ChargeState.RESERVED}';
    IF held < cardinality(asked) THEN
        RETURN false;
    END IF;
    paid := ARRAY(SELECT other.fingerprint FROM core.charge mine JOIN core.charge other USING (fingerprint)
        WHERE mine.item_id = ANY(asked) AND other.state IN ({_ANSWERED}));
    payers := ARRAY(SELECT DISTINCT ON (fingerprint) item_id FROM core.charge
        WHERE item_id = ANY(asked) AND fingerprint <> ALL(paid) ORDER BY fingerprint, array_position(asked, item_id));
    WITH settled AS (
        UPDATE core.charge SET state = CASE WHEN item_id = ANY(payers) THEN '{ChargeState.CHARGED}' ELSE '{ChargeState.VOID}' END
        WHERE item_id = ANY(asked)
        RETURNING item_id, price, atto_delta, accounts, item_id = ANY(payers) AS pays
    ), moved AS (
        SELECT item_id, leg, price, atto_delta, pays FROM settled, jsonb_array_elements_text(accounts -> 'ids') leg
    ), posted AS (
        INSERT INTO core.ledger_entry (account_id, item_id, kind, nano_rho, atto_delta)
        SELECT leg, item_id, '{EntryKind.VOID}', -price, -atto_delta FROM moved WHERE NOT pays
        UNION ALL
        SELECT leg, item_id, '{EntryKind.CHARGE}', CASE WHEN pays THEN price ELSE 0 END, CASE WHEN pays THEN atto_delta ELSE 0 END
        FROM moved
    ), charged AS (
        {_noted(Event.BUDGET_CHARGED, "actor", "settled WHERE pays")}
    ), freed AS (
        {_noted(Event.BUDGET_VOIDED, "actor", "settled WHERE NOT pays")}
    )
    UPDATE core.account SET reserved = reserved - cost, spent = spent + cost_paid,
        delta_reserved = delta_reserved - risk, delta_spent = delta_spent + risk_paid
    FROM (
        SELECT leg, sum(price) AS cost, coalesce(sum(price) FILTER (WHERE pays), 0) AS cost_paid,
            sum(atto_delta) AS risk, coalesce(sum(atto_delta) FILTER (WHERE pays), 0) AS risk_paid
        FROM moved GROUP BY leg
    ) AS each WHERE id = leg;
    RETURN true;
END
$$;"""  # noqa: S608  constants of the house
"""Turn reservations into spending, or answer false and change nothing where one is none.

Of several that ask the same question the one named first pays; a question that was paid for meanwhile gives its reservation back.
"""

EXACT: Final = f"""CREATE FUNCTION core.post_exact(actor text, asked text[], legs text[]) RETURNS boolean
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    released bigint := cardinality(asked);
    counted bigint;
    fitting bigint;
BEGIN
    {_LOCK_ACCOUNTS}
    SELECT coalesce(sum(cells), 0) INTO counted FROM core.item WHERE id = ANY(asked);
    SELECT count(*) INTO fitting FROM core.account WHERE id = ANY(legs)
        AND released <= exact_releases_cap - exact_releases AND counted <= exact_cells_cap - exact_cells;
    IF fitting < cardinality(legs) THEN
        RETURN false;
    END IF;
    INSERT INTO core.ledger_entry (account_id, item_id, kind, exact_cells, reason)
        SELECT leg, id, '{EntryKind.EXACT}', cells, coalesce(exact_reason, '')
        FROM core.item, unnest(legs) leg WHERE id = ANY(asked) ORDER BY id, leg;
    INSERT INTO core.audit_event (event, actor, subject, detail)
        SELECT '{Event.EXACT_CHARGED}', actor, 'item:' || id, jsonb_build_object('cells', cells)
        FROM core.item WHERE id = ANY(asked) ORDER BY id;
    UPDATE core.account SET exact_releases = exact_releases + released, exact_cells = exact_cells + counted
        WHERE id = ANY(legs);
    RETURN true;
END
$$;"""  # noqa: S608  constants of the house
"""Count exact items on every account, or answer false and change nothing where a cap would be passed."""

FUNCTIONS: Final = {
    "core.post_reserve": RESERVE,
    "core.post_void": VOID,
    "core.post_charge": CHARGE,
    "core.post_exact": EXACT,
}
"""Each function by its name, as the first migration makes it."""
