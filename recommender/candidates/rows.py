"""Rows of sparse scores: the best entries of each row, the score at given pairs, and places within a row.

All candidate sources answer with a customers × products CSR matrix; what has no entry scores 0.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from ..interactions import Floats, Ints


def best_of_rows(scores: csr_matrix, n: int) -> csr_matrix:
    """The `n` highest entries of each row, columns in order."""
    if not scores.nnz or int(np.diff(scores.indptr).max()) <= n:
        return scores
    kept = [
        np.arange(begin, end)
        if end - begin <= n
        else begin + np.argpartition(scores.data[begin:end], end - begin - n)[-n:]
        for begin, end in pairwise(scores.indptr.tolist())
    ]
    ends = np.cumsum([0, *map(len, kept)])
    chosen = np.concatenate(kept)
    best = csr_matrix((scores.data[chosen], scores.indices[chosen], ends), shape=scores.shape)
    best.sort_indices()
    return best


def best_of_dense(scores: Floats, n: int) -> csr_matrix:
    """The `n` highest positive scores of each row of a dense block."""
    rows, columns = scores.shape
    n = min(n, columns)
    found = np.argpartition(scores, columns - n, axis=1)[:, columns - n :]
    data = np.take_along_axis(scores, found, axis=1)
    row, place = np.nonzero(data > 0)
    return csr_matrix((data[row, place], (row, found[row, place])), shape=(rows, columns))


def row_of_entries(scores: csr_matrix) -> Ints:
    """The row of each stored entry."""
    return np.repeat(np.arange(scores.shape[0], dtype=np.int32), np.diff(scores.indptr))


def at(scores: csr_matrix, row: Ints, column: Ints) -> Floats:
    """The scores at the pairs (row, column); 0 where there is none."""
    scores.sort_indices()
    if not scores.nnz:
        return np.zeros(len(row), np.float32)
    width = np.int64(scores.shape[1])
    keys: NDArray[np.int64] = row_of_entries(scores) * width + scores.indices
    asked = row * width + column
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    found: Floats = np.where(keys[place] == asked, scores.data[place], 0).astype(np.float32)
    return found


def ranks_within(row: Ints, scores: Floats) -> Floats:
    """The place of each score within its row, 0 for the best; ties in the order given. `row` must be sorted."""
    order = np.lexsort((-scores, row))
    place = np.empty(len(row), np.float32)
    place[order] = np.arange(len(row)) - np.searchsorted(row, row, side="left")
    return place


def rows_to_one(matrix: csr_matrix) -> csr_matrix:
    """Each row divided by its sum; an empty row stays empty."""
    total: Floats = np.asarray(matrix.sum(axis=1)).ravel()
    return (diags_array((1 / np.maximum(total, 1e-12)).astype(np.float32)) @ matrix).tocsr()
