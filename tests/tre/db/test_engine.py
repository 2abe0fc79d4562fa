"""Transactions: all or nothing, read-only means it, and an unfit server is refused."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import InternalError, OperationalError, ProgrammingError

from tre.db.address import Database, Role
from tre.db.engine import Transaction, administrator_engine, reachable, read_only, transaction
from tre.domain.errors import Unavailable

ADD = text("INSERT INTO core.person (id, name, organisation) VALUES (:id, 'A', 'B')")
COUNT = text("SELECT count(*) FROM core.person")


def test_a_transaction_is_committed_when_its_block_ends_well(application: Engine) -> None:
    with transaction(application) as tx:
        tx.execute(ADD, {"id": "p1"})
    with read_only(application) as tx:
        assert tx.execute(COUNT).scalar_one() == 1


def test_a_transaction_is_undone_when_its_block_raises(application: Engine) -> None:
    def fail(tx: Transaction) -> None:
        tx.execute(ADD, {"id": "p1"})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction(application) as tx:
        fail(tx)
    with read_only(application) as tx:
        assert tx.execute(COUNT).scalar_one() == 0


def test_a_read_only_transaction_cannot_write(application: Engine) -> None:
    with pytest.raises(InternalError, match="read-only"), read_only(application) as tx:
        tx.execute(ADD, {"id": "p1"})


def test_a_read_only_transaction_sees_one_moment(application: Engine) -> None:
    with read_only(application) as reader:
        assert reader.execute(COUNT).scalar_one() == 0
        with transaction(application) as writer:
            writer.execute(ADD, {"id": "p1"})
        assert reader.execute(COUNT).scalar_one() == 0


def test_transactions_run_read_committed_with_time_limits(application: Engine) -> None:
    with transaction(application) as tx:
        shown = {
            name: tx.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("transaction_isolation", "statement_timeout", "lock_timeout", "synchronous_commit")
        }
    assert shown == {
        "transaction_isolation": "read committed",
        "statement_timeout": "1min",
        "lock_timeout": "10s",
        "synchronous_commit": "on",
    }


def test_an_error_of_a_statement_does_not_quote_its_values(application: Engine) -> None:
    with pytest.raises(ProgrammingError) as caught, transaction(application) as tx:
        tx.execute(text("SELECT nothing FROM core.person WHERE name = :name"), {"name": "CANARY"})
    assert "CANARY" not in str(caught.value)


def test_a_lock_is_not_waited_for_without_end(application: Engine) -> None:
    with transaction(application) as holder:
        holder.execute(text("LOCK TABLE core.person"))
        with transaction(application) as waiter:
            waiter.execute(text("SET LOCAL lock_timeout = 50"))
            with pytest.raises(OperationalError, match="lock timeout"):
                waiter.execute(COUNT)
            waiter.rollback()


def test_a_fit_server_is_accepted(application: Engine) -> None:
    reachable(application)


def test_an_acknowledged_commit_is_on_disk_whatever_the_database_was_told(
    database: Database, administrator: Engine, application: Engine
) -> None:
    with administrator.connect() as connection:
        connection.execute(
            text(f"ALTER DATABASE {database.administrator.database} SET synchronous_commit = off")
        )
    with read_only(application) as tx:
        assert tx.execute(text("SHOW synchronous_commit")).scalar_one() == "on"


def test_a_server_that_does_not_answer_is_named_without_its_password(database: Database) -> None:
    password = database.administrator.password
    engine = administrator_engine(database.administrator.set(query={"host": "/nowhere"}))
    with pytest.raises(Unavailable, match="does not answer") as caught:
        reachable(engine)
    assert caught.value.code == "database_unreachable"
    assert str(password) not in caught.value.sentence


def test_a_wrong_password_is_refused(database: Database) -> None:
    engine = administrator_engine(database.url(Role.APPLICATION).set(password="guess"))
    with pytest.raises(Unavailable, match="refuses the account tre_application"):
        reachable(engine)
