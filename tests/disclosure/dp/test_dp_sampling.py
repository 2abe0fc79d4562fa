"""Vectors sampled in pieces on several threads are the vectors that were asked for, each cell with its own noise."""

from fractions import Fraction

import numpy as np
import pytest

from disclosure import DisclosureError
from disclosure.dp.mechanism import Mechanism, Noise
from disclosure.dp.sampling import PIECE, draw_all

FINE = Noise(Mechanism.GAUSSIAN, 1, Fraction(10**15))  # so little noise that it is nought
COARSE = Noise(Mechanism.GAUSSIAN, 1, Fraction(5_000_000))  # standard deviation 10


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_every_cell_comes_back_in_its_place(length):
    vectors = [np.arange(length, dtype=np.int64), np.arange(5, dtype=np.int64) * 1_000]
    found = draw_all([FINE, FINE], vectors)
    assert all(np.array_equal(one, other) for one, other in zip(found, vectors, strict=True))
    assert all(each.dtype == np.int64 for each in found)


def test_each_vector_has_its_own_noise_and_each_piece_fresh_noise():
    found = draw_all([COARSE, FINE], [np.zeros(20 * PIECE, np.int64), np.zeros(2 * PIECE, np.int64)])
    assert found[1].tolist() == [0] * (2 * PIECE)
    assert found[0].std() == pytest.approx(10, rel=0.05)
    pieces = found[0].reshape(20, PIECE)
    assert len({tuple(piece) for piece in pieces}) == 20
    assert abs(np.corrcoef(pieces) - np.eye(20)).max() < 0.2


def test_noise_that_cannot_be_drawn_is_refused_from_a_thread_too():
    with pytest.raises(DisclosureError) as refusal:
        draw_all([Noise(Mechanism.GAUSSIAN, 0, Fraction(1))], [np.zeros(2 * PIECE, np.int64)])
    assert refusal.value.code == "mechanism"
