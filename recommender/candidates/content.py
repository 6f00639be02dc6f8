"""Content: products described alike, for what nobody bought yet as well as for what is in another colour.

TF-IDF over words, pairs of words, category and brand (Salton & Buckley 1988); the price band is a word too.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix, vstack

from ..catalogue import Catalogue
from ..interactions import Floats, Ints
from .item_knn import ROWS, off_diagonal
from .rows import best_of_rows, row_of_entries, unit_rows

NEIGHBOURS = 60
WORD = re.compile(r"[^\W\d_]{2,}")
LOOKED_AT = 100
"""Of a customer's products so many, the latest, are compared with."""
BANDS = 3
"""Price bands a doubling of the price."""
COMMON = 5_000
"""A term of more products than this is left out: it says little of any of them, and comparing costs its square (in a
grocer's 66,731 products ten terms took nine tenths of the time)."""


def described(catalogue: Catalogue) -> csr_matrix:
    """products × terms, rows of length 1; a product without any description has an empty row."""
    number: dict[str, int] = {}
    row: list[int] = []
    column: list[int] = []
    for product in range(len(catalogue.text)):
        for term in sorted(_terms(catalogue, product)):  # a set's own order differs from process to process
            row.append(product)
            column.append(number.setdefault(term, len(number)))
    ones = np.ones(len(row), np.float32)
    terms = csr_matrix((ones, (row, column)), shape=(len(catalogue.text), len(number)))
    products_with = np.bincount(terms.indices, minlength=terms.shape[1])
    rarity = np.where(products_with > 1, np.log(max(len(catalogue.text), 2) / np.maximum(products_with, 1)), 0)
    rarity[products_with > COMMON] = 0
    terms.data *= rarity[terms.indices].astype(np.float32)
    terms.eliminate_zeros()
    return unit_rows(terms)


def alike(terms: csr_matrix, *, keep: int = NEIGHBOURS) -> csr_matrix:
    """products × products: the cosine of their descriptions, at most `keep` a row, without the diagonal."""
    columns = terms.T.tocsr()
    parts = [
        best_of_rows((terms[start : start + ROWS] @ columns).tocsr(), keep + 1)
        for start in range(0, terms.shape[0], ROWS)
    ]
    return off_diagonal(vstack(parts, format="csr")) if parts else csr_matrix((0, 0), dtype=np.float32)


def closest(bought: csr_matrix, neighbours: csr_matrix) -> csr_matrix:
    """customers × products: likeness to the one bought product that is most like it, by how lately that was bought."""
    bought = best_of_rows(bought, LOOKED_AT)
    laid_out = np.zeros(neighbours.shape[1], np.float32)
    columns: list[Ints] = []
    data: list[Floats] = []
    for begin, end in pairwise(bought.indptr.tolist()):
        near = neighbours[bought.indices[begin:end]]
        weight = np.sqrt(np.minimum(bought.data[begin:end], 1.0))
        np.maximum.at(laid_out, near.indices, (near.data * weight[row_of_entries(near)]).astype(np.float32))
        found = np.flatnonzero(laid_out)
        columns.append(found.astype(np.int32))
        data.append(laid_out[found])
        laid_out[found] = 0
    ends = np.cumsum([0, *map(len, columns)])
    entries = np.concatenate([np.empty(0, np.float32), *data])
    places = np.concatenate([np.empty(0, np.int32), *columns])
    return csr_matrix((entries, places, ends), shape=(bought.shape[0], neighbours.shape[1]))


def _terms(catalogue: Catalogue, product: int) -> set[str]:
    words = [word.casefold() for word in WORD.findall(catalogue.text[product])]
    terms = {*words, *(f"{a} {b}" for a, b in pairwise(words))}
    terms |= {f"{name}={value}" for name, value in (
        ("category", catalogue.category[product]), ("brand", catalogue.brand[product]),
    ) if value}  # fmt: skip
    price = float(catalogue.price[product])
    if np.isfinite(price) and price > 0:
        terms.add(f"price={round(BANDS * np.log2(price))}")
    return terms
