"""Pseudonyms: one-way, keyed, different for each project.

`study_id` is made with a project's key and goes into that project's extract. `audit_key` is made with the key of the
population (all that is linked to one spine), is the same in every project, and never leaves the trusted side:
differencing between releases needs it.

Both are base32(HMAC-SHA256(key, label | person_id)[:15]): 120 bits, 24 lower-case letters and digits (RFC 2104, 4648).
"""

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tre.domain.errors import BadInput

KEY_BYTES: Final = 32
"""Length of a key, in bytes: the output of SHA-256, as RFC 2104 section 3 recommends."""

PSEUDONYM_BYTES: Final = 15
"""Bytes kept of each HMAC: 120 bits divide evenly into base32; among 1e9 people a collision has odds below 1e-18."""

_ALPHABET: Final = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class ProjectKey:
    """The key of one project's study ids. It has no readable form."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_length(self.secret)


@dataclass(frozen=True, slots=True)
class PopulationKey:
    """The key of one population's audit keys. It has no readable form."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_length(self.secret)


def new_project_key() -> ProjectKey:
    """Draw a key for a project that was approved."""
    return ProjectKey(secrets.token_bytes(KEY_BYTES))


def new_population_key() -> PopulationKey:
    """Draw a key for a population that begins."""
    return PopulationKey(secrets.token_bytes(KEY_BYTES))


def study_ids(person_ids: pa.Array | pa.ChunkedArray, key: ProjectKey) -> pa.Array:
    """Return the project's pseudonym of each person, in the same order.

    Raises:
        BadInput: a person id is missing.
    """
    return _pseudonyms(person_ids, key.secret, b"person|")


def audit_keys(person_ids: pa.Array | pa.ChunkedArray, key: PopulationKey) -> pa.Array:
    """Return the population's pseudonym of each person, in the same order.

    Raises:
        BadInput: a person id is missing.
    """
    return _pseudonyms(person_ids, key.secret, b"audit|")


def study_map(spine: pa.Table, project: ProjectKey, population: PopulationKey) -> pa.Table:
    """Replace the person ids of a spine; answer `dataset, row_key, study_id, audit_key`, without a person id.

    Raises:
        BadInput: a person id is missing.
    """
    person_ids = spine.column("person_id")
    return pa.table(
        {
            "dataset": spine.column("dataset"),
            "row_key": spine.column("row_key"),
            "study_id": study_ids(person_ids, project),
            "audit_key": audit_keys(person_ids, population),
        }
    )


def _check_length(secret: bytes) -> None:
    if len(secret) != KEY_BYTES:
        raise BadInput(
            "key_length", f"A pseudonym key has {KEY_BYTES} bytes; draw a new one, do not write one by hand."
        )


def _pseudonyms(person_ids: pa.Array | pa.ChunkedArray, secret: bytes, label: bytes) -> pa.Array:
    """Each person once, however many rows they have."""
    column = person_ids.combine_chunks() if isinstance(person_ids, pa.ChunkedArray) else person_ids
    if column.null_count:
        raise BadInput("person_id_missing", "A row of the spine has no person id; build the spine again.")
    coded = column.dictionary_encode()
    digests = b"".join(
        hmac.digest(secret, label + person_id.encode(), "sha256")[:PSEUDONYM_BYTES]
        for person_id in coded.dictionary.to_pylist()
    )
    return pa.DictionaryArray.from_arrays(coded.indices, _base32(digests)).dictionary_decode()


def _base32(digests: bytes) -> pa.Array:
    """Base32 of many equally long digests at once; the standard library encodes one at a time, thirty times slower."""
    bits: npt.NDArray[np.uint8] = np.unpackbits(np.frombuffer(digests, dtype=np.uint8)).reshape(-1, 5)
    letters = _ALPHABET[bits @ np.array([16, 8, 4, 2, 1], dtype=np.uint8)]
    width = PSEUDONYM_BYTES * 8 // 5
    offsets = np.arange(0, letters.size + 1, width, dtype=np.int32)
    return pa.StringArray.from_buffers(letters.size // width, pa.py_buffer(offsets), pa.py_buffer(letters))
