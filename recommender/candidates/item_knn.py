"""Item neighbours: a product resembles another when the same customers buy both.

BM25 weights (Robertson & Zaragoza 2009, used on purchases as `implicit` does) or damped cosine (Sarwar et al. 2001;
the damping after Aiolli 2013), both on time-decayed purchases.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, diags_array, vstack

from ..interactions import Interactions
from .rows import best_of_rows, rows_to_one

NEIGHBOURS = 200
"""Kept a product."""
FADE_DAYS = 400.0
"""For BM25: co-purchases stay true for long; what is of the moment comes from other sources."""
K1, B = 100.0, 0.8
DAMPING = 0.3
"""Columns are divided by their length to this power: 0.5 is the cosine, less leaves popular products some weight."""
ROWS = 2_000
"""Products compared at once; bounds the memory."""
PROFILE = 150
"""So many of a customer's products, the weightiest, are paired: a customer costs their number squared."""


def bm25_neighbours(interactions: Interactions, *, keep: int = NEIGHBOURS, fade_days: float = FADE_DAYS) -> csr_matrix:
    """products × products, at most `keep` a row; a product is its own neighbour too."""
    return nearest(bm25(decayed(interactions, fade_days=fade_days)), keep=keep)


def cosine_neighbours(interactions: Interactions, *, keep: int = NEIGHBOURS, fade_days: float) -> csr_matrix:
    """products × products without the diagonal: what goes along with each product."""
    return off_diagonal(nearest(damped(decayed(interactions, fade_days=fade_days), power=DAMPING), keep=keep + 1))


def decayed(interactions: Interactions, *, fade_days: float) -> csr_matrix:
    """customers × products: days of purchase, each counted exp(-age / fade_days)."""
    _customer, _product, age = interactions.purchase_days
    return interactions.by_customer(np.exp(-age / fade_days))


def query(interactions: Interactions, *, fade_days: float) -> csr_matrix:
    """The same with rows that sum to 1: what a customer asks the neighbours with."""
    return rows_to_one(decayed(interactions, fade_days=fade_days))


def bm25(matrix: csr_matrix) -> csr_matrix:
    """Weigh customers × products: a product is a document, its words are its customers."""
    customers, products = matrix.shape
    length = np.asarray(matrix.sum(axis=0)).ravel()
    norm = (1 - B) + B * length / max(float(length.mean()) if products else 0.0, 1e-9)
    bought = np.diff(matrix.indptr)
    rarity = np.repeat(np.log(products + 1.0) - np.log1p(bought), bought)
    data = matrix.data * (K1 + 1) / (K1 * norm[matrix.indices] + matrix.data) * rarity
    return csr_matrix((data.astype(np.float32), matrix.indices, matrix.indptr), shape=(customers, products))


def damped(matrix: csr_matrix, *, power: float) -> csr_matrix:
    """Columns divided by their length to the power."""
    length = np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel()
    return csr_matrix(matrix @ diags_array(np.maximum(length, 1e-9) ** -power), dtype=np.float32)


def nearest(matrix: csr_matrix, *, keep: int) -> csr_matrix:
    """columns × columns: for each the `keep` others (or itself) with the largest inner product."""
    matrix = best_of_rows(matrix, PROFILE)
    columns = matrix.T.tocsr()
    size = columns.shape[0]
    if not size:
        return csr_matrix((0, 0), dtype=np.float32)
    parts = [best_of_rows((columns[start : start + ROWS] @ matrix).tocsr(), keep) for start in range(0, size, ROWS)]
    return vstack(parts, format="csr")


def off_diagonal(matrix: csr_matrix) -> csr_matrix:
    """Without what a product says about itself."""
    matrix = matrix.tocsr()
    matrix.setdiag(0)
    matrix.eliminate_zeros()
    return matrix
