"""The platform of one home folder: its database, objects, keys, log and folders, opened together."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from tre.db import embedded
from tre.db.address import Database, Role
from tre.db.engine import engine_for
from tre.db.folders import private_folder, read_secret, write_secret
from tre.db.installation import open_database
from tre.domain.errors import Refused
from tre.domain.projects import GATEWAYS_REVIEWED_ON
from tre.settings import Mode, Settings
from tre.signing import SigningKey, create_key, load_key
from tre.vault.objects import ObjectStore

LOG_NAME: Final = "tre.localhost/log"
"""Origin of the transparency log in the C2SP form."""


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything that an edge needs to serve people.

    Attributes:
        settings: what the operator decided.
        database: where the database is.
        application: an engine that logs in as the application role.
        objects: files by digest.
    """

    settings: Settings
    database: Database
    application: Engine
    objects: ObjectStore

    @property
    def home(self) -> Path:
        """The folder of everything that the platform writes."""
        return self.settings.home

    @property
    def extracts(self) -> Path:
        """Project extracts, read-only, one folder per project."""
        return self.home / "vault" / "projects"

    @property
    def releases(self) -> Path:
        """Published bundles, one folder per release."""
        return self.home / "releases"

    @property
    def log(self) -> Path:
        """The transparency log on disk."""
        return self.home / "log"

    @property
    def public_key(self) -> Path:
        """The key that verifies receipts; give it to everybody, apart from any bundle."""
        return self.home / "keys" / "receipts.vkey"

    def role_folder(self, role: Role) -> Path:
        """The vault folder of one separated role."""
        return self.home / "vault" / role.folder

    def role_secrets(self, role: Role) -> Path:
        """The secrets of one role."""
        return self.database.secrets / role.folder

    def signing_key(self) -> SigningKey:
        """The key that signs checkpoints. Only the sequencer asks for it."""
        return load_key(self.database.secrets / "signer" / "receipts.key")

    def pseudonym_key(self) -> bytes:
        """The key under which reviewers stand in receipts."""
        return bytes.fromhex(read_secret(self.database.secrets / "application" / "reviewer-key"))

    def cell_key(self) -> bytes:
        """The secret from which the cell keys of each edition of data are derived."""
        return bytes.fromhex(read_secret(self.database.secrets / "application" / "cell-key"))


@contextmanager
def opened(settings: Settings, *, keep_database: bool = False) -> Iterator[Platform]:
    """Open the platform, starting and filling what is missing; the embedded database stops again at the end.

    Args:
        settings: what the operator decided.
        keep_database: leave an embedded database running for whoever comes next.

    Raises:
        TreError: something is missing on this machine; the sentence says how to mend it. See `tre doctor`.
    """
    _must_be_reviewed(settings)
    os.umask(0o077)
    private_folder(settings.home)
    was_running = embedded.running_process(embedded.Places(settings.home.resolve()).data) is not None
    url = settings.database_url
    database = open_database(settings.home, None if url is None else url.get_secret_value())
    application = engine_for(database, Role.APPLICATION, pool_size=10)
    try:
        vault = private_folder(settings.home / "vault")
        platform = Platform(settings, database, application, ObjectStore(vault / "objects"))
        _prepare(platform)
        yield platform
    finally:
        application.dispose()
        if url is None and not was_running and not keep_database:
            embedded.stop(settings.home)


def _must_be_reviewed(settings: Settings) -> None:
    """Refuse real data while no lawyer has read the list of gateways.

    Raises:
        Refused: the settings are for production and the list has no date of review.
    """
    if settings.mode is Mode.PRODUCTION and GATEWAYS_REVIEWED_ON is None:
        raise Refused(
            "gateways_not_reviewed",
            "No lawyer has reviewed the list of gateways in tre/domain/projects.py. Have it read and set its date first.",
        )


def _prepare(platform: Platform) -> None:
    """Make the folders and keys that are missing; what is there stays as it is."""
    for folder in (platform.extracts, platform.releases, platform.public_key.parent):
        private_folder(folder)
    for role in (Role.LINKAGE, Role.PSEUDONYMS, Role.EXTRACT):
        private_folder(platform.role_folder(role))
    for name in ("reviewer-key", "cell-key"):
        secret = platform.database.secrets / "application" / name
        if not secret.exists():
            write_secret(secret, secrets.token_hex(32))
    signing = platform.database.secrets / "signer" / "receipts.key"
    private_folder(signing.parent)
    if not signing.exists():
        key = create_key(signing, LOG_NAME)
        platform.public_key.write_text(key.verification_key.vkey + "\n")
