"""The Merkle tree against published vectors, against RFC 6962's own recursive words, and against forgers."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.domain.errors import BadInput
from tre.domain.tree import EMPTY_ROOT, Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion

# The test data of the Certificate Transparency reference implementation (merkle_tree_test).
VECTOR_ENTRIES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
VECTOR_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
SIZES = st.integers(1, 70)


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


def split(size: int) -> int:
    return max(2**power for power in range(size) if 2**power < size)


def rfc_root(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node_hash(rfc_root(hashes[:k]), rfc_root(hashes[k:]))


def rfc_path(index: int, hashes: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if index < k:
        return [*rfc_path(index, hashes[:k]), rfc_root(hashes[k:])]
    return [*rfc_path(index - k, hashes[k:]), rfc_root(hashes[:k])]


def rfc_subproof(old: int, hashes: list[bytes], *, known: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.2."""
    if old == len(hashes):
        return [] if known else [rfc_root(hashes)]
    k = split(len(hashes))
    if old <= k:
        return [*rfc_subproof(old, hashes[:k], known=known), rfc_root(hashes[k:])]
    return [*rfc_subproof(old - k, hashes[k:], known=False), rfc_root(hashes[:k])]


def test_roots_are_those_of_the_published_vectors():
    tree = Tree(leaf_hash(entry) for entry in VECTOR_ENTRIES)
    assert [tree.root(size).hex() for size in range(1, 9)] == list(VECTOR_ROOTS)
    assert tree.root(0) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_proofs_are_those_of_the_published_vectors():
    tree = Tree(leaf_hash(entry) for entry in VECTOR_ENTRIES)
    inclusion = [step.hex()[:8] for step in tree.inclusion_proof(5, 8)]
    assert inclusion == ["bc1a0643", "ca854ea1", "d37ee418"]
    assert [step.hex()[:8] for step in tree.consistency_proof(6, 8)] == ["0ebc5d34", "ca854ea1", "d37ee418"]


@given(size=SIZES, data=st.data())
def test_every_answer_is_what_the_rfc_says(size: int, data: st.DataObject):
    hashes, tree = leaves(size), Tree(leaves(size))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert tree.size == size
    assert tree.root() == rfc_root(hashes)
    assert tree.root(old) == rfc_root(hashes[:old])
    assert tree.leaf(index) == hashes[index]
    assert list(tree.inclusion_proof(index, size)) == rfc_path(index, hashes)
    assert list(tree.consistency_proof(old, size)) == rfc_subproof(old, hashes, known=True)


@given(size=SIZES, data=st.data())
def test_genuine_proofs_verify(size: int, data: st.DataObject):
    tree = Tree(leaves(size))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    proof = tree.inclusion_proof(index, size)
    assert verify_inclusion(tree.leaf(index), index, proof, size=size, root=tree.root())
    steps = tree.consistency_proof(old, size)
    assert verify_consistency((old, tree.root(old)), (size, tree.root()), steps)


def spoiled(proof: tuple[bytes, ...]) -> list[list[bytes]]:
    """Every way to spoil a proof by one step: changed, dropped, repeated, swapped, longer, of another length."""
    steps = list(proof)
    ways = [[*steps, bytes(32)], [bytes(32), *steps]]
    for at, step in enumerate(steps):
        ways += [
            [*steps[:at], bytes([step[0] ^ 1]) + step[1:], *steps[at + 1 :]],
            steps[:at] + steps[at + 1 :],
        ]
        ways += [[*steps[:at], step, *steps[at:]], [*steps[:at], step + b"\x00", *steps[at + 1 :]]]
    ways += [[*steps[:at], steps[at + 1], steps[at], *steps[at + 2 :]] for at in range(len(steps) - 1)]
    return ways


@pytest.mark.parametrize("size", range(1, 20))
def test_no_spoiled_inclusion_proof_verifies(size: int):
    tree = Tree(leaves(size))
    for index in range(size):
        genuine = tree.inclusion_proof(index, size)
        for proof in spoiled(genuine):
            assert not verify_inclusion(tree.leaf(index), index, proof, size=size, root=tree.root())
        assert not verify_inclusion(leaf_hash(b"other"), index, genuine, size=size, root=tree.root())
        for other in (-1, size, *(number for number in range(size) if number != index)):
            assert not verify_inclusion(tree.leaf(index), other, genuine, size=size, root=tree.root())


@pytest.mark.parametrize("size", range(1, 20))
def test_no_spoiled_consistency_proof_verifies(size: int):
    tree, root = Tree(leaves(size)), Tree(leaves(size)).root()
    for old in range(size + 1):
        genuine = tree.consistency_proof(old, size)
        for proof in spoiled(genuine):
            assert not verify_consistency((old, tree.root(old)), (size, root), proof)
        assert not verify_consistency((old, bytes(32)), (size, root), genuine)
        if old > 0:
            assert not verify_consistency((old, tree.root(old)), (size, bytes(32)), genuine)


def test_a_log_that_shrank_is_never_consistent():
    tree = Tree(leaves(5))
    assert not verify_consistency((5, tree.root(5)), (4, tree.root(4)), ())
    assert not verify_consistency((-1, tree.root(0)), (4, tree.root(4)), ())


def test_an_empty_log_has_one_root_only():
    tree = Tree(leaves(3))
    assert verify_consistency((0, EMPTY_ROOT), (0, EMPTY_ROOT), ())
    assert verify_consistency((0, EMPTY_ROOT), (3, tree.root()), ())
    assert not verify_consistency((0, EMPTY_ROOT), (0, bytes(32)), ())
    assert not verify_consistency((0, bytes(32)), (3, tree.root()), ())


def test_a_node_cannot_pass_for_a_leaf():
    left, right = leaves(2)
    assert leaf_hash(left + right) != node_hash(left, right)


@pytest.mark.parametrize(
    "ask",
    [
        lambda tree: tree.append(b"short"),
        lambda tree: tree.root(4),
        lambda tree: tree.root(-1),
        lambda tree: tree.leaf(3),
        lambda tree: tree.leaf(-1),
        lambda tree: tree.inclusion_proof(3, 3),
        lambda tree: tree.inclusion_proof(-1, 3),
        lambda tree: tree.inclusion_proof(0, 4),
        lambda tree: tree.consistency_proof(3, 2),
        lambda tree: tree.consistency_proof(-1, 2),
        lambda tree: tree.consistency_proof(1, 4),
    ],
)
def test_what_the_tree_has_never_been_is_refused(ask):
    tree = Tree(leaves(3))
    with pytest.raises(BadInput):
        ask(tree)
    assert tree.size == 3
