"""The Merkle tree of RFC 6962, section 2.1: one hash that stands for a whole list, and short proofs about it.

A leaf is hashed with the prefix 0x00 and a node with 0x01, so no leaf can pass for a node. Sizes and indices are counts of
leaves from the start of the log; hashes are 32 bytes of SHA-256.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from tre.domain.errors import BadInput

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash one entry of the log. Source: RFC 6962, section 2.1."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbouring subtrees into their parent. Source: RFC 6962, section 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two smaller than `size`: where RFC 6962 divides a list of at least two leaves."""
    return 1 << ((size - 1).bit_length() - 1)


class Tree:
    """A tree that grows leaf by leaf and proves things about itself.

    Every complete subtree is kept by level, so appending costs one hash on average and a proof a logarithmic number of
    look-ups. A million leaves take 64 MB.
    """

    __slots__ = ("_levels",)

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        for leaf in leaf_hashes:
            self.append(leaf)

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return len(self._levels[0]) // HASH_SIZE

    def leaf(self, index: int) -> bytes:
        """The hash of one entry.

        Raises:
            BadInput: there is no such entry.
        """
        if not 0 <= index < self.size:
            raise _no_entry()
        return self._complete(0, index)

    def append(self, leaf: bytes) -> None:
        """Add the hash of one more entry at the right-hand end.

        Raises:
            BadInput: it is not 32 bytes long, so it is no leaf hash.
        """
        if len(leaf) != HASH_SIZE:
            raise BadInput("tree_leaf", "A leaf hash has 32 bytes; hash the entry with leaf_hash first.")
        position, level, value = self.size, 0, leaf
        self._levels[0] += value
        while position & 1:
            value = node_hash(self._complete(level, position - 1), value)
            position, level = position >> 1, level + 1
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += value

    def root(self, size: int | None = None) -> bytes:
        """The root hash of the first `size` leaves, of all of them by default.

        Raises:
            BadInput: the tree has never had that size.
        """
        wanted = self.size if size is None else size
        self._must_reach(wanted)
        return self._range(0, wanted) if wanted else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> tuple[bytes, ...]:
        """The hashes that lead from leaf `index` to the root of the first `size` leaves (RFC 6962, section 2.1.1).

        Raises:
            BadInput: there is no such leaf in a tree of that size, or the tree has never had that size.
        """
        self._must_reach(size)
        if not 0 <= index < size:
            raise BadInput(
                "tree_index", "The log has no entry at that index; ask for one below the tree size."
            )
        proof: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        return tuple(reversed(proof))

    def consistency_proof(self, old: int, new: int) -> tuple[bytes, ...]:
        """The hashes that show the first `old` leaves to be a beginning of the first `new` (RFC 6962, section 2.1.2).

        Raises:
            BadInput: `old` is larger than `new`, or the tree has never had that size.
        """
        self._must_reach(new)
        if not 0 <= old <= new:
            raise BadInput("tree_index", "A consistency proof leads from the smaller tree to the larger one.")
        if old in (0, new):
            return ()
        proof: list[bytes] = []
        start, end = 0, new
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        if start:
            proof.append(self._range(start, end))
        return tuple(reversed(proof))

    def _must_reach(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise BadInput(
                "tree_index", "The log has never had that size; ask for one up to its present size."
            )

    def _complete(self, level: int, position: int) -> bytes:
        return bytes(self._levels[level][position * HASH_SIZE : (position + 1) * HASH_SIZE])

    def _range(self, start: int, end: int) -> bytes:
        """Hash of the leaves from `start` to before `end`, a range that RFC 6962's divisions produce."""
        width = end - start
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            return self._complete(level, start >> level)
        middle = start + _split(width)
        return node_hash(self._range(start, middle), self._range(middle, end))


def _no_entry() -> BadInput:
    return BadInput("tree_index", "The log has no entry at that index; ask for one below the tree size.")


def verify_inclusion(leaf: bytes, index: int, proof: Sequence[bytes], *, size: int, root: bytes) -> bool:
    """Is the leaf hash at `index` of the tree with this size and root? Source: RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size or not _are_hashes(proof):
        return False
    position, last, value = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            value = node_hash(step, value)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, step)
        position, last = position >> 1, last >> 1
    return last == 0 and value == root


def verify_consistency(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Is the old tree (size, root) a beginning of the new one? Source: RFC 9162, section 2.1.4.2."""
    (old_size, old_root), (new_size, new_root) = old, new
    if not 0 <= old_size <= new_size or not _are_hashes(proof):
        return False
    if old_size in (0, new_size):
        expected = new_root if old_size else EMPTY_ROOT
        empty_as_said = new_size > 0 or new_root == EMPTY_ROOT
        return not proof and old_root == expected and empty_as_said
    # An old tree that is a complete subtree of the new one is its own starting point.
    steps = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    return bool(steps) and _climb(old_size, new_size, steps) == (old_root, new_root)


def _are_hashes(proof: Sequence[bytes]) -> bool:
    """Two hashes of odd lengths could be cut elsewhere and give the same node, so lengths are checked."""
    return all(len(step) == HASH_SIZE for step in proof)


def _climb(old_size: int, new_size: int, steps: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The two roots that a consistency proof leads to; None where it has too many or too few hashes."""
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_value = new_value = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            old_value, new_value = node_hash(step, old_value), node_hash(step, new_value)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_value = node_hash(new_value, step)
        position, last = position >> 1, last >> 1
    return (old_value, new_value) if last == 0 else None
