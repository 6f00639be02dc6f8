"""Rows of sparse scores: the best entries of each row, the score at given pairs, and places within a row.

All candidate sources answer with a customers × products CSR matrix; what has no entry scores 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from ..interactions import Floats, Ints


def best_of_rows(scores: csr_matrix, n: int, *, without: csr_matrix | None = None) -> csr_matrix:
    """The `n` highest entries of each row, columns in order; none of those that `without` has an entry for."""
    if without is None and (not scores.nnz or int(np.diff(scores.indptr).max()) <= n):
        return scores
    kept = list(_best_places(scores, n) if without is None else _best_allowed(scores, n, without))
    ends = np.cumsum([0, *map(len, kept)])
    chosen = np.concatenate([np.empty(0, np.int64), *kept])
    best = csr_matrix((scores.data[chosen], scores.indices[chosen], ends), shape=scores.shape)
    best.sort_indices()
    return best


def _best_places(scores: csr_matrix, n: int) -> Iterator[NDArray[np.int64]]:
    for begin, end in pairwise(scores.indptr.tolist()):
        if end - begin <= n:
            yield np.arange(begin, end)
        else:
            yield begin + np.argpartition(scores.data[begin:end], end - begin - n)[-n:]


def _best_allowed(scores: csr_matrix, n: int, without: csr_matrix) -> Iterator[NDArray[np.int64]]:
    barred = np.zeros(scores.shape[1], bool)  # one row at a time: stays in the processor's cache
    bounds = zip(pairwise(scores.indptr.tolist()), pairwise(without.indptr.tolist()), strict=True)
    for (begin, end), (first, last) in bounds:
        columns = without.indices[first:last]
        barred[columns] = True
        allowed = begin + np.flatnonzero(~barred[scores.indices[begin:end]])
        barred[columns] = False
        yield allowed if len(allowed) <= n else allowed[np.argpartition(scores.data[allowed], len(allowed) - n)[-n:]]


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
    """The scores at the pairs (row, column), rows sorted; 0 where there is none."""
    found = np.zeros(len(row), np.float32)
    laid_out = np.zeros(scores.shape[1], np.float32)  # one row at a time: stays in the processor's cache
    asked = np.searchsorted(row, np.arange(scores.shape[0] + 1)).tolist()
    for (begin, end), (first, last) in zip(pairwise(scores.indptr.tolist()), pairwise(asked), strict=True):
        if first < last and begin < end:
            columns = scores.indices[begin:end]
            laid_out[columns] = scores.data[begin:end]
            found[first:last] = laid_out[column[first:last]]
            laid_out[columns] = 0
    return found


def ranks_within(row: Ints, scores: Floats) -> Floats:
    """The place of each score within its row (rows sorted), 0 for the best; ties in the order given."""
    place = np.empty(len(row), np.float32)
    starts = np.flatnonzero(np.append(np.ones(min(len(row), 1), bool), row[1:] != row[:-1]))
    for begin, end in pairwise([*starts.tolist(), len(row)]):
        place[begin:end][np.argsort(-scores[begin:end], kind="stable")] = np.arange(end - begin)
    return place


def rows_to_one(matrix: csr_matrix) -> csr_matrix:
    """Each row divided by its sum; an empty row stays empty."""
    total: Floats = np.asarray(matrix.sum(axis=1)).ravel()
    return csr_matrix(diags_array((1 / np.maximum(total, 1e-12)).astype(np.float32)) @ matrix)


def unit_rows(matrix: csr_matrix) -> csr_matrix:
    """Each row divided by its length; an empty row stays empty."""
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return csr_matrix(diags_array(1 / np.maximum(length, 1e-9)) @ matrix, dtype=np.float32)
