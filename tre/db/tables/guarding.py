"""Guards of the ledger in the database itself: what is spent never falls, and a charge takes only the steps that there are.

They hold for every role and every statement, the owner's too; what the functions of `tre.db.tables.posting` do passes them.
"""

from typing import Final

from tre.domain.ledger import CHARGE_STEPS, ChargeState

_STEPS: Final = ", ".join(f"('{before}', '{after}')" for before, after in CHARGE_STEPS)
_COUNTED: Final = ("spent", "delta_spent", "exact_releases", "exact_cells")
_AGREED: Final = ("id", "item_id", "fingerprint", "price", "atto_delta", "accounts")

_FUNCTION: Final = """CREATE FUNCTION core.refuse_unspending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Table %.%: what was charged stays charged.', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;"""


def _row(version: str, columns: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"{version}.{column}" for column in columns) + ")"


def _guard(table: str, condition: str, *, at: str = "UPDATE", name: str = "never_unspent") -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {at} ON core.{table} FOR EACH ROW\n    WHEN ({condition})\n"
        f"    EXECUTE FUNCTION core.refuse_unspending();\n"
        f"ALTER TABLE core.{table} ENABLE ALWAYS TRIGGER {name};"
    )


def _kept(table: str) -> str:
    return (
        f"CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON core.{table} FOR EACH STATEMENT\n"
        f"    EXECUTE FUNCTION core.refuse_unspending();\n"
        f"ALTER TABLE core.{table} ENABLE ALWAYS TRIGGER never_removed;"
    )


GUARDS: Final = (
    _FUNCTION,
    _guard("account", " OR ".join(f"NEW.{column} < OLD.{column}" for column in _COUNTED)),
    _kept("account"),
    _guard(
        "charge",
        f"(NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN ({_STEPS}))"
        f"\n        OR {_row('NEW', _AGREED)} IS DISTINCT FROM {_row('OLD', _AGREED)}"
        "\n        OR (OLD.answer_digest IS NOT NULL AND NEW.answer_digest IS DISTINCT FROM OLD.answer_digest)",
    ),
    _guard("charge", f"NEW.state <> '{ChargeState.RESERVED}'", at="INSERT", name="starts_reserved"),
    _kept("charge"),
)
"""Triggers on accounts and charges, as the first migration makes them, after the tables."""
