"""`python -m tre.worker.stage NAME`: one separated role's work, inside its confinement. Asked and answered in JSON."""

import json
import sys
import traceback
from importlib import import_module
from pathlib import Path

from sqlalchemy import make_url

from disclosure.errors import DisclosureError
from tre.db.address import Database
from tre.db.engine import engine_for, patient, transaction
from tre.domain.errors import TreError
from tre.services.separated import STAGES
from tre.services.stages import ANSWERED, SECRETS


def main() -> int:
    """Run the stage named on the command line with the arguments that come on standard input."""
    asked = json.load(sys.stdin)
    role, module = STAGES[sys.argv[1]]
    work = getattr(import_module(module), sys.argv[1])
    database = Database(make_url(asked["database"]), Path(SECRETS))
    try:
        with transaction(engine_for(database, role, pool_size=1)) as tx:
            patient(tx)
            answer = work(tx, asked["arguments"])
    except (TreError, DisclosureError) as error:
        answer = {"kind": type(error).__name__, "code": error.code, "sentence": error.sentence}
    except Exception as fault:  # noqa: BLE001 - told by kind and place; its own words may quote data
        place = traceback.extract_tb(fault.__traceback__)[-1]
        sys.stderr.write(
            f"{type(fault).__name__} at {place.name}, line {place.lineno} of {Path(place.filename).name}\n"
        )
        return 1
    json.dump(answer, sys.stdout)
    return ANSWERED[1] if "code" in answer else ANSWERED[0]


if __name__ == "__main__":
    sys.exit(main())
