"""Content: products described alike, for what nobody bought yet as well as for what is in another colour.

TF-IDF over words, pairs of words, category and brand (Salton & Buckley 1988); the price band is a word too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from ..catalogue import Catalogue
from .item_knn import ROWS, off_diagonal
from .rows import best_of_rows, row_of_entries
from .user_knn import _unit_rows

NEIGHBOURS = 60
WORD = re.compile(r"[^\W\d_]{2,}")
BANDS = 3
"""Price bands a doubling of the price."""


def described(catalogue: Catalogue) -> csr_matrix:
    """products × terms, rows of length 1; a product without any description has an empty row."""
    number: dict[str, int] = {}
    row: list[int] = []
    column: list[int] = []
    for product in range(len(catalogue.text)):
        for term in _terms(catalogue, product):
            row.append(product)
            column.append(number.setdefault(term, len(number)))
    ones = np.ones(len(row), np.float32)
    terms = csr_matrix((ones, (row, column)), shape=(len(catalogue.text), len(number)))
    products_with = np.bincount(terms.indices, minlength=terms.shape[1])
    rarity = np.where(products_with > 1, np.log(max(len(catalogue.text), 2) / np.maximum(products_with, 1)), 0)
    terms.data *= rarity[terms.indices].astype(np.float32)
    terms.eliminate_zeros()
    return _unit_rows(terms)


def alike(terms: csr_matrix, *, keep: int = NEIGHBOURS) -> csr_matrix:
    """products × products: the cosine of their descriptions, at most `keep` a row, without the diagonal."""
    columns = terms.T.tocsr()
    parts = [
        best_of_rows((terms[start : start + ROWS] @ columns).tocsr(), keep + 1)
        for start in range(0, terms.shape[0], ROWS)
    ]
    from scipy.sparse import vstack

    return off_diagonal(vstack(parts, format="csr")) if parts else csr_matrix((0, 0), dtype=np.float32)


def closest(bought: csr_matrix, neighbours: csr_matrix) -> csr_matrix:
    """customers × products: the likeness to the one bought product that is most like it, by how lately it was bought."""
    parts = []
    for customer in range(bought.shape[0]):
        begin, end = bought.indptr[customer], bought.indptr[customer + 1]
        near = neighbours[bought.indices[begin:end]]
        weight = np.sqrt(np.minimum(bought.data[begin:end], 1.0))
        parts.append((near.indices, near.data * weight[row_of_entries(near)]))
    return _largest(parts, neighbours.shape[1])


def _largest(parts: Sequence[tuple[np.ndarray, np.ndarray]], width: int) -> csr_matrix:
    row = np.repeat(np.arange(len(parts)), [len(columns) for columns, _data in parts])
    column = np.concatenate([np.empty(0, np.int32), *(columns for columns, _data in parts)])
    data = np.concatenate([np.empty(0, np.float32), *(values for _columns, values in parts)])
    order = np.lexsort((-data, column, row))
    key = row[order] * np.int64(width) + column[order]
    first = order[np.unique(key, return_index=True)[1]]
    return csr_matrix((data[first], (row[first], column[first])), shape=(len(parts), width), dtype=np.float32)


def _terms(catalogue: Catalogue, product: int) -> set[str]:
    words = [word.casefold() for word in WORD.findall(catalogue.text[product])]
    terms = {*words, *(f"{a} {b}" for a, b in zip(words, words[1:], strict=False))}
    terms |= {f"{name}={value}" for name, value in (
        ("category", catalogue.category[product]), ("brand", catalogue.brand[product]),
    ) if value}  # fmt: skip
    price = float(catalogue.price[product])
    if np.isfinite(price) and price > 0:
        terms.add(f"price={round(BANDS * np.log2(price))}")
    return terms
