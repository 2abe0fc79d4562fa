"""A small house in one folder that stores, logs and publishes, and the body of a release that it can publish."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tre.domain.receipt import Body, Charge, Receipt, ReleasedFile, ReleasedItem
from tre.signing import CheckpointSigner, SigningKey, open_checkpoint
from tre.vault.bundle import Publisher
from tre.vault.log import TransparencyLog
from tre.vault.objects import ObjectStore
from tre.vault.storage import Disk, unbroken

ORIGIN = "tre.example/log"
FILES = {"disclosure.json": b'{"verdict":"REVIEW"}', "table-1.csv": b"region,n\nEast,120\nWest,95\n"}


def body_of(name: str, files: Mapping[str, bytes]) -> Body:
    """The body of a noisy release of these files, judged by two reviewers."""
    return Body(
        release=name,
        request="request-1",
        project="fuel-poverty",
        released_at=1_790_000_000,
        manifest="1" * 64,
        policy="2" * 64,
        environment="3" * 64,
        title="4" * 64,
        reviewers=("reviewer-2", "reviewer-5"),
        files=tuple(
            ReleasedFile(file, hashlib.sha256(files[file]).hexdigest(), len(files[file]))
            for file in sorted(files)
        ),
        items=(ReleasedItem("item-1", "noisy", "7" * 64),),
        charges=(Charge("edition:linked@1", "nano_rho", 5_000_000),),
        sources=(),
    )


@dataclass
class House:
    """A store, a log and a publisher in one folder, on one disk."""

    root: Path
    key: SigningKey
    disk: Disk = field(default_factory=Disk)
    failpoint: Callable[[str], None] = unbroken

    def __post_init__(self) -> None:
        self.objects = ObjectStore(self.root / "vault", disk=self.disk, failpoint=self.failpoint)
        signer = CheckpointSigner(self.key)
        self.log = TransparencyLog(
            self.root / "log", self.published, signer, disk=self.disk, failpoint=self.failpoint
        )
        self.publisher = Publisher(self.root / "releases", self.objects, self.disk, self.failpoint)
        self.open = partial(open_checkpoint, key=self.key.verification_key)

    @property
    def published(self) -> Path:
        return self.root / "published" / "checkpoint"

    def release(self, name: str = "release-1") -> Path:
        """Release `FILES`, between two other events."""
        return self.publish(
            body_of(name, FILES), FILES, before=[b'{"event":"approved"}'], after=[b'{"event":"charged"}']
        )

    def publish(
        self, body: Body, files: Mapping[str, bytes], *, before: Sequence[bytes], after: Sequence[bytes] = ()
    ) -> Path:
        """All that a release does, each step of which may be done twice."""
        self.log.begin()
        for content in files.values():
            self.objects.put(content)
        self.log.append([*before, body.leaf(), *after], start=0)
        return self.publisher.publish(Receipt(body, self.log.proof(len(before))))
