"""What the operator decides, read from the environment once. No other module reads the environment."""

import difflib
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from tre.domain.errors import BadInput

PREFIX: Final = "TRE_"


class Mode(StrEnum):
    """Whether real data may be here."""

    DEMO = "demo"
    PRODUCTION = "production"


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Settings(BaseModel):
    """The operator's decisions. Each is the environment variable `TRE_` and its name in capitals.

    Attributes:
        home: the folder of everything that the platform writes.
        database_url: a PostgreSQL of the operator's own, or None for the embedded one.
        mode: `demo` for invented data, `production` for real data.
        token: the personal token of who calls the command line.
        failpoint: the step at which this process kills itself; for tests of recovery.
        portal_host: the address that the portal listens on.
        portal_port: its TCP port.
        portal_name: the host name that browsers call it by.
        files_name: the host name, on another site, from which untrusted bytes are served.
        hub_port: the TCP port of the workspaces on this machine's own address.
        hub_name: the host name that browsers call the workspaces by; on the portal's site, another origin.
        packages: a folder of packages that workspaces may install from; by default there is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    home: Annotated[Path, AfterValidator(_absolute)] = Field(default=Path("var"), validate_default=True)
    database_url: SecretStr | None = None
    mode: Annotated[Mode, BeforeValidator(_lower)] = Mode.DEMO
    token: SecretStr | None = None
    failpoint: str | None = None
    portal_host: str = "127.0.0.1"
    portal_port: Annotated[int, Field(ge=1, le=65_535)] = 8600
    portal_name: str = "portal.tre.localhost"
    files_name: str = "files.tre-bytes.localhost"
    hub_port: Annotated[int, Field(ge=1, le=65_535)] = 8601
    hub_name: str = "hub.tre.localhost"
    packages: Path | None = None

    @model_validator(mode="after")
    def _fit_for_real_data(self) -> Self:
        """Refuse what only a demonstration may have, all of it at once."""
        if self.mode is Mode.DEMO:
            return self
        faults = [
            sentence
            for holds, sentence in (
                (
                    self.database_url is None,
                    "TRE_DATABASE_URL is missing: with the embedded database all roles share one account",
                ),
                (self.failpoint is not None, "TRE_FAILPOINT is for demonstrations only: unset it"),
            )
            if holds
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; an empty variable counts as unset.

    Args:
        environment: variables by name; by default those of this process.

    Raises:
        BadInput: `settings`, with all faults in one sentence; it never repeats a value.
    """
    given = os.environ if environment is None else environment
    values = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in given.items()
        if name.startswith(PREFIX) and value
    }
    try:
        return Settings.model_validate(values)
    except ValidationError as faults:
        found = "; ".join(_fault(error) for error in faults.errors(include_input=False, include_url=False))
        raise BadInput(
            "settings", f"The settings are wrong: {found}. Correct them and start again."
        ) from None


def _fault(error: ErrorDetails) -> str:
    """Say one fault in the words of the environment."""
    if not error["loc"]:
        return error["msg"].removeprefix("Value error, ")
    name = PREFIX + str(error["loc"][0]).upper()
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(
            name, [PREFIX + field.upper() for field in Settings.model_fields], n=1
        )
        return f"{name} is no setting" + (f" (is {near[0]} meant?)" if near else "")
    return f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}"
