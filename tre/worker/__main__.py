"""`python -m tre.worker`: do the jobs of one platform until told to stop."""

import argparse
import sys

from tre.db.address import Role
from tre.domain.errors import TreError
from tre.queue import work
from tre.services.platform import opened
from tre.settings import read_settings
from tre.worker.failpoint import failpoint_at
from tre.worker.jobs import Jobs
from tre.worker.sequencer import Sequencer


def main() -> int:
    """Run the worker; with `--until-idle` until nothing is left to do."""
    parser = argparse.ArgumentParser(prog="tre worker", description=__doc__)
    parser.add_argument("--until-idle", action="store_true", help="return when nothing is left to do")
    until_idle: bool = parser.parse_args().until_idle
    try:
        _work(until_idle=until_idle)
    except TreError as error:
        print(error.sentence, file=sys.stderr)  # noqa: T201 - words for the operator
        return error.exit_code
    return 0


def _work(*, until_idle: bool) -> None:
    settings = read_settings()
    with opened(settings) as platform:
        reached = failpoint_at(settings.failpoint)
        jobs = Jobs(platform, Sequencer(platform, reached), reached)
        jobs.check_again()
        work(platform.database.url(Role.APPLICATION), jobs.tasks(), forever=not until_idle)
        jobs.sequencer.catch_up()


if __name__ == "__main__":
    sys.exit(main())
