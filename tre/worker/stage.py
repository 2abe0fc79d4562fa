"""`python -m tre.worker.stage NAME`: one separated role's work, inside its confinement. Asked and answered in JSON."""

import json
import sys
from pathlib import Path

from sqlalchemy import make_url

from disclosure.errors import DisclosureError
from tre.db.address import Database
from tre.db.engine import engine_for, transaction
from tre.domain.errors import TreError
from tre.services import separated
from tre.services.stages import SECRETS


def main() -> int:
    """Run the stage named on the command line with the arguments that come on standard input."""
    asked = json.load(sys.stdin)
    stage = separated.STAGES[sys.argv[1]]
    database = Database(make_url(asked["database"]), Path(SECRETS))
    try:
        with transaction(engine_for(database, stage.role, pool_size=1)) as tx:
            answer = stage.work(tx, asked["arguments"])
    except (TreError, DisclosureError) as error:
        answer = {"kind": type(error).__name__, "code": error.code, "sentence": error.sentence}
    json.dump(answer, sys.stdout)
    return 1 if "code" in answer else 0


if __name__ == "__main__":
    sys.exit(main())
