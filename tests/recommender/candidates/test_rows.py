"""The best of sparse rows."""

import numpy as np
from scipy.sparse import csr_matrix

from recommender.candidates.rows import best_of_rows

SCORES = csr_matrix(np.array([[5, 0, 4, 3, 2], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]], np.float32))


def test_the_best_of_each_row_are_kept_with_their_scores() -> None:
    assert best_of_rows(SCORES, 2).toarray().tolist() == [[5, 0, 4, 0, 0], [0, 0, 1, 0, 0], [0] * 5]


def test_what_is_barred_leaves_room_for_the_next_best() -> None:
    barred = csr_matrix(np.array([[1, 0, 0, 1, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1]], np.float32))

    assert best_of_rows(SCORES, 2, without=barred).toarray().tolist() == [[0, 0, 4, 0, 2], [0] * 5, [0] * 5]


def test_nobody_asked_gets_no_rows() -> None:
    nobody = csr_matrix((0, 5), dtype=np.float32)

    assert best_of_rows(nobody, 2, without=nobody).shape == (0, 5)
