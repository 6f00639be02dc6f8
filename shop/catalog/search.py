"""Full-text search over the products: one question, answered alike by SQLite (FTS5) and PostgreSQL (tsvector).

Both fold case and diacritics, stem English words with Porter's algorithm and take the last word as a beginning. The
index follows `product.search_text` by itself: by triggers on SQLite, as an expression index on PostgreSQL.
"""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    case,
    column,
    event,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.orm import Mapper, Session

from .product import Category, Product

MOST_WORDS = 10
MOST_LETTERS = 40

# "12 oz" is searched as one word: the unit by itself stands on half of a grocer's shelves and tells nothing apart.
_AMOUNT = re.compile(r"(\d)\s+(oz|lbs?|ct|ml|l|kg|g|in|ft|qt|pt|gal|pc)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
# é is found by e; other scripts keep their marks, as й is no и.
_LATIN_MARKS = re.compile(r"([a-z])[\u0300-\u036f]+")
# Too frequent to tell products apart; left out of a question, so that "oil of olives" finds olive oil.
_STOP_WORDS = frozenset(
    {
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "is",
        "it",
        "my",
        "of",
        "on",
        "or",
        "that",
        "the",
        "to",
        "with",
    }
)

_FTS = table("product_search", column("rowid", Integer), column("product_search", Text))

_SQLITE = (
    """CREATE VIRTUAL TABLE product_search USING fts5(
        search_text, content='product', content_rowid='id', prefix='2 3',
        tokenize='porter unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER product_search_insert AFTER INSERT ON product BEGIN
        INSERT INTO product_search(rowid, search_text) VALUES (new.id, new.search_text);
    END""",
    """CREATE TRIGGER product_search_delete AFTER DELETE ON product BEGIN
        INSERT INTO product_search(product_search, rowid, search_text) VALUES ('delete', old.id, old.search_text);
    END""",
    """CREATE TRIGGER product_search_update AFTER UPDATE OF search_text ON product BEGIN
        INSERT INTO product_search(product_search, rowid, search_text) VALUES ('delete', old.id, old.search_text);
        INSERT INTO product_search(rowid, search_text) VALUES (new.id, new.search_text);
    END""",
    "INSERT INTO product_search(product_search) VALUES ('rebuild')",
)

# The names are qualified: an index is rebuilt by pg_restore with an empty search_path. `porter` is the stemmer that
# FTS5 has too (`english` would be a newer one with other answers); without stop words, as FTS5 knows none.
_POSTGRESQL = (
    'CREATE TEXT SEARCH DICTIONARY "{schema}".shop_porter (TEMPLATE = snowball, LANGUAGE = porter)',
    'CREATE TEXT SEARCH CONFIGURATION "{schema}".shop_english (COPY = pg_catalog.simple)',
    """ALTER TEXT SEARCH CONFIGURATION "{schema}".shop_english
        ALTER MAPPING FOR asciiword, word, numword WITH "{schema}".shop_porter""",
    r"""CREATE FUNCTION "{schema}".shop_tsvector(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN to_tsvector('"{schema}".shop_english'::regconfig, regexp_replace(
            normalize(regexp_replace(lower(normalize(words, NFD)), '([a-z])[\u0300-\u036f]+', '\1', 'g'), NFC),
            '[^0-9a-zA-Z\u00b2\u00b3\u00b9\u00bc-\u00be\u00c0-\u1fff\u2c00-\uffff]+', ' ', 'g'))""",
    'CREATE INDEX fts_product ON product USING gin ("{schema}".shop_tsvector(search_text))',
)

_SQLITE_DROP = (
    "DROP TRIGGER IF EXISTS product_search_insert",
    "DROP TRIGGER IF EXISTS product_search_delete",
    "DROP TRIGGER IF EXISTS product_search_update",
    "DROP TABLE product_search",
)

_POSTGRESQL_DROP = (
    "DROP INDEX fts_product",
    'DROP FUNCTION "{schema}".shop_tsvector(text)',
    'DROP TEXT SEARCH CONFIGURATION "{schema}".shop_english',
    'DROP TEXT SEARCH DICTIONARY "{schema}".shop_porter',
)


def create_index(connection: Connection) -> None:
    """Make the full-text index anew after a bulk load.

    The migration that makes the table `product` has a copy of these statements of its own, as it must stay what it
    was. A later migration that rebuilds `product` on SQLite (batch mode) loses the triggers and must make them again.
    """
    _execute(connection, _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL)


def drop_index(connection: Connection) -> None:
    """Undo `create_index`; the products stay."""
    _execute(connection, _SQLITE_DROP if connection.dialect.name == "sqlite" else _POSTGRESQL_DROP)


def search_text(*, name: str, brand: str, category: str, size: str) -> str:
    """What of a product can be searched by words; stored in `product.search_text`.

    Not the SKU: its parts are the same in all of them (CJ-1, CJ-2, …), so that a part would find the whole shop.
    It is asked as a whole, see `matching`.
    """
    return _amounts_joined(" ".join(part for part in (name, brand, category, size) if part))


def words_of(query: str) -> list[str]:
    """The words of a question as the index knows them: folded, without stop words, at most ten."""
    folded = _LATIN_MARKS.sub(r"\1", unicodedata.normalize("NFD", _amounts_joined(query.lower())))
    words = [word[:MOST_LETTERS] for word in _WORD.findall(unicodedata.normalize("NFC", folded))]
    return [word for word in words if word not in _STOP_WORDS][:MOST_WORDS]


def id_of_sku(session: Session, typed: str) -> int | None:
    """The product with this SKU, in whatever case it was typed."""
    if not typed.isprintable() or len(typed) > MOST_LETTERS:
        return None
    spellings = {typed, typed.upper(), typed.lower()}
    return session.scalar(select(Product.id).where(Product.sku.in_(spellings)).order_by(Product.id).limit(1))


def matching(session: Session, query: str) -> ColumnElement[bool] | None:
    """A condition on `Product` that holds where all words of the query are found, and for the product whose SKU the
    query is; None if it has no words and is no SKU.

    The last word counts as a beginning (people search while they type) unless it is shorter than three letters.
    Never ask for `Product.listed` beside this: the planners would walk the index of all listed products (10 ms
    instead of 0.1). `on_sale` says the same and leaves that index alone.
    """
    known = id_of_sku(session, query)
    by_words = _by_words(session, words_of(query))
    if known is None:
        return by_words
    by_sku = Product.id == known
    return by_sku if by_words is None else or_(by_sku, by_words)


def _amounts_joined(words: str) -> str:
    return _AMOUNT.sub(r"\1\2", words)


def _by_words(session: Session, words: list[str]) -> ColumnElement[bool] | None:
    if not words:
        return None
    beginning = len(words[-1]) > 2
    if session.get_bind().dialect.name == "sqlite":
        phrase = " AND ".join(f'"{word}"' for word in words) + ("*" if beginning else "")
        return Product.id.in_(select(_FTS.c.rowid).where(_FTS.c.product_search.op("MATCH")(phrase)))
    phrase = " & ".join(f"'{word}'" for word in words) + (":*" if beginning else "")
    question = func.to_tsquery(literal_column("'shop_english'::regconfig"), phrase)
    return func.shop_tsvector(Product.search_text).bool_op("@@")(question)


def on_sale() -> ColumnElement[int]:
    """1 for a listed product, else 0; worded so that no index on `listed` leads the way."""
    return case((Product.listed, 1), else_=0)


def _execute(connection: Connection, statements: tuple[str, ...]) -> None:
    schema = "" if connection.dialect.name == "sqlite" else connection.scalar(text("SELECT current_schema()"))
    for statement in statements:
        connection.exec_driver_sql(statement.replace("{schema}", schema or ""))


def _keep_search_text(_mapper: Mapper[Product], connection: Connection, product: Product) -> None:
    """Saved through the ORM, a product keeps its own text up to date."""
    category = connection.scalar(select(Category.name).where(Category.id == product.category_id)) or ""
    words = search_text(name=product.name, brand=product.brand or "", category=category, size=product.size or "")
    if product.search_text != words:
        product.search_text = words


event.listen(Product, "before_insert", _keep_search_text)
event.listen(Product, "before_update", _keep_search_text)
