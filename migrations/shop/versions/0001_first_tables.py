"""The shop's first tables."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('email_folded', sa.String(length=254), nullable=False),
    sa.Column('email_proved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('password_hash', sa.String(length=200), nullable=True),
    sa.Column('first_name', sa.String(length=100), nullable=False),
    sa.Column('last_name', sa.String(length=100), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=True),
    sa.Column('household', sa.String(length=20), nullable=False),
    sa.Column('children', sa.Integer(), nullable=True),
    sa.Column('interests', sa.String(length=300), nullable=False),
    sa.Column('birthday', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('email_folded', name=op.f('uq_account_email_folded'))
    )
    op.create_table('department',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_department')),
    sa.UniqueConstraint('slug', name=op.f('uq_department_slug'))
    )
    op.create_table('import_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('parameters', sa.Text(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('announced_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('new_minor', sa.BigInteger(), nullable=False),
    sa.Column('report', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_run'))
    )
    with op.batch_alter_table('import_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_run_source_fingerprint'), ['source', 'fingerprint'], unique=True)

    op.create_table('shop_profile',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('tagline', sa.String(length=160), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('time_zone', sa.String(length=64), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('data_note', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shop_profile'))
    )
    op.create_table('sign_in_attempts',
    sa.Column('address_hash', sa.String(length=64), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('paused_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('address_hash', name=op.f('pk_sign_in_attempts'))
    )
    with op.batch_alter_table('sign_in_attempts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_attempts_last_at'), ['last_at'], unique=False)

    op.create_table('address',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('line1', sa.String(length=120), nullable=False),
    sa.Column('line2', sa.String(length=120), nullable=False),
    sa.Column('city', sa.String(length=80), nullable=False),
    sa.Column('postcode', sa.String(length=20), nullable=False),
    sa.Column('region', sa.String(length=80), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('is_default', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_address_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_address'))
    )
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_address_account_id'), ['account_id'], unique=False)

    op.create_table('cart',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('touched_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_cart_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cart')),
    sa.UniqueConstraint('account_id', name=op.f('uq_cart_account_id')),
    sa.UniqueConstraint('token', name=op.f('uq_cart_token'))
    )
    op.create_table('category',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('department_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('products_listed', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['department_id'], ['department.id'], name=op.f('fk_category_department_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_category'))
    )
    with op.batch_alter_table('category', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_category_department_id_slug'), ['department_id', 'slug'], unique=True)

    op.create_table('orders',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('buyer', sa.String(length=80), nullable=False),
    sa.Column('idempotency_key', sa.String(length=255), nullable=False),
    sa.Column('request_hash', sa.String(length=64), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('email_folded', sa.String(length=254), nullable=False),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('goods_minor', sa.BigInteger(), nullable=False),
    sa.Column('shipping_minor', sa.BigInteger(), nullable=False),
    sa.Column('discount_minor', sa.BigInteger(), nullable=False),
    sa.Column('total_minor', sa.BigInteger(), nullable=False),
    sa.Column('delivery_method', sa.String(length=40), nullable=False),
    sa.Column('promised_on', sa.Date(), nullable=True),
    sa.Column('payment_method', sa.String(length=40), nullable=False),
    sa.Column('payment_reference', sa.String(length=100), nullable=False),
    sa.Column('ship_name', sa.String(length=120), nullable=False),
    sa.Column('ship_line1', sa.String(length=120), nullable=False),
    sa.Column('ship_line2', sa.String(length=120), nullable=False),
    sa.Column('ship_city', sa.String(length=80), nullable=False),
    sa.Column('ship_postcode', sa.String(length=20), nullable=False),
    sa.Column('ship_region', sa.String(length=80), nullable=False),
    sa.Column('ship_country', sa.String(length=2), nullable=False),
    sa.Column('ship_phone', sa.String(length=40), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_orders_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders')),
    sa.UniqueConstraint('number', name=op.f('uq_orders_number'))
    )
    with op.batch_alter_table('orders', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_orders_account_id_placed_at'), ['account_id', 'placed_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_orders_buyer_idempotency_key'), ['buyer', 'idempotency_key'], unique=True)
        batch_op.create_index(batch_op.f('ix_orders_email_folded'), ['email_folded'], unique=False)
        batch_op.create_index(batch_op.f('ix_orders_placed_at'), ['placed_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_orders_status_placed_at'), ['status', 'placed_at'], unique=False)

    op.create_table('sign_in',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_sign_in_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_sign_in_token_hash'))
    )
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_account_id_started_at'), ['account_id', 'started_at'], unique=False)

    op.create_table('checkout_draft',
    sa.Column('cart_id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('line1', sa.String(length=120), nullable=False),
    sa.Column('line2', sa.String(length=120), nullable=False),
    sa.Column('city', sa.String(length=80), nullable=False),
    sa.Column('postcode', sa.String(length=20), nullable=False),
    sa.Column('region', sa.String(length=80), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('delivery_method', sa.String(length=40), nullable=False),
    sa.Column('payment_method', sa.String(length=40), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['cart_id'], ['cart.id'], name=op.f('fk_checkout_draft_cart_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('cart_id', name=op.f('pk_checkout_draft'))
    )
    with op.batch_alter_table('checkout_draft', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_checkout_draft_updated_at'), ['updated_at'], unique=False)

    op.create_table('parcel',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('carrier', sa.String(length=40), nullable=False),
    sa.Column('tracking_number', sa.String(length=64), nullable=False),
    sa.Column('shipped_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_parcel_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parcel'))
    )
    with op.batch_alter_table('parcel', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_parcel_carrier_tracking_number'), ['carrier', 'tracking_number'], unique=True)
        batch_op.create_index(batch_op.f('ix_parcel_order_id'), ['order_id'], unique=False)

    op.create_table('product',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sku', sa.String(length=40), nullable=False),
    sa.Column('slug', sa.String(length=120), nullable=False),
    sa.Column('name', sa.String(length=160), nullable=False),
    sa.Column('brand', sa.String(length=80), nullable=False),
    sa.Column('size', sa.String(length=40), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('category_id', sa.Integer(), nullable=False),
    sa.Column('price_minor', sa.Integer(), nullable=False),
    sa.Column('was_minor', sa.Integer(), nullable=True),
    sa.Column('stock', sa.Integer(), nullable=False),
    sa.Column('sold', sa.Integer(), nullable=False),
    sa.Column('listed', sa.Boolean(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False),
    sa.CheckConstraint('price_minor >= 0', name=op.f('ck_product_price_not_negative')),
    sa.CheckConstraint('stock >= 0', name=op.f('ck_product_stock_not_negative')),
    sa.ForeignKeyConstraint(['category_id'], ['category.id'], name=op.f('fk_product_category_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product')),
    sa.UniqueConstraint('sku', name=op.f('uq_product_sku'))
    )
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_product_category_id_listed_sold'), ['category_id', 'listed', 'sold'], unique=False)
        batch_op.create_index(batch_op.f('ix_product_listed_added_at'), ['listed', 'added_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_product_listed_sold'), ['listed', 'sold'], unique=False)
        batch_op.create_index('ix_product_lowered', ['listed', 'sold'], unique=False, sqlite_where=sa.text('was_minor > price_minor'), postgresql_where=sa.text('was_minor > price_minor'))
        batch_op.create_index('ix_product_scarce', ['listed', 'stock', 'sold'], unique=False, sqlite_where=sa.text('stock <= 5'), postgresql_where=sa.text('stock <= 5'))

    op.create_table('refund',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('order_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('refunded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_refund_account_id')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_refund_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refund')),
    sa.UniqueConstraint('number', name=op.f('uq_refund_number'))
    )
    with op.batch_alter_table('refund', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_refund_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_refund_order_id'), ['order_id'], unique=False)

    op.create_table('cart_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('cart_id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('saved', sa.Boolean(), nullable=False),
    sa.Column('seen_minor', sa.Integer(), nullable=True),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_cart_line_quantity_positive')),
    sa.ForeignKeyConstraint(['cart_id'], ['cart.id'], name=op.f('fk_cart_line_cart_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_cart_line_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cart_line'))
    )
    with op.batch_alter_table('cart_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cart_line_cart_id_product_id_saved'), ['cart_id', 'product_id', 'saved'], unique=True)

    op.create_table('order_line',
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('unit_minor', sa.Integer(), nullable=False),
    sa.Column('net_minor', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_line_order_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_order_line_product_id')),
    sa.PrimaryKeyConstraint('order_id', 'position', name=op.f('pk_order_line'))
    )
    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_order_line_product_id'), ['product_id'], unique=False)

    op.create_table('refund_line',
    sa.Column('refund_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_refund_line_product_id')),
    sa.ForeignKeyConstraint(['refund_id'], ['refund.id'], name=op.f('fk_refund_line_refund_id')),
    sa.PrimaryKeyConstraint('refund_id', 'position', name=op.f('pk_refund_line'))
    )
    _execute(SEARCH)


def downgrade() -> None:
    _execute(SEARCH_DROP)
    op.drop_table('refund_line')
    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_order_line_product_id'))

    op.drop_table('order_line')
    with op.batch_alter_table('cart_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_cart_line_cart_id_product_id_saved'))

    op.drop_table('cart_line')
    with op.batch_alter_table('refund', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_refund_order_id'))
        batch_op.drop_index(batch_op.f('ix_refund_account_id'))

    op.drop_table('refund')
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.drop_index('ix_product_scarce', sqlite_where=sa.text('stock <= 5'), postgresql_where=sa.text('stock <= 5'))
        batch_op.drop_index('ix_product_lowered', sqlite_where=sa.text('was_minor > price_minor'), postgresql_where=sa.text('was_minor > price_minor'))
        batch_op.drop_index(batch_op.f('ix_product_listed_sold'))
        batch_op.drop_index(batch_op.f('ix_product_listed_added_at'))
        batch_op.drop_index(batch_op.f('ix_product_category_id_listed_sold'))

    op.drop_table('product')
    with op.batch_alter_table('parcel', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_parcel_order_id'))
        batch_op.drop_index(batch_op.f('ix_parcel_carrier_tracking_number'))

    op.drop_table('parcel')
    with op.batch_alter_table('checkout_draft', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_checkout_draft_updated_at'))

    op.drop_table('checkout_draft')
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_account_id_started_at'))

    op.drop_table('sign_in')
    with op.batch_alter_table('orders', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_orders_status_placed_at'))
        batch_op.drop_index(batch_op.f('ix_orders_placed_at'))
        batch_op.drop_index(batch_op.f('ix_orders_email_folded'))
        batch_op.drop_index(batch_op.f('ix_orders_buyer_idempotency_key'))
        batch_op.drop_index(batch_op.f('ix_orders_account_id_placed_at'))

    op.drop_table('orders')
    with op.batch_alter_table('category', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_category_department_id_slug'))

    op.drop_table('category')
    op.drop_table('cart')
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_address_account_id'))

    op.drop_table('address')
    with op.batch_alter_table('sign_in_attempts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_attempts_last_at'))

    op.drop_table('sign_in_attempts')
    op.drop_table('shop_profile')
    with op.batch_alter_table('import_run', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_import_run_source_fingerprint'))

    op.drop_table('import_run')
    op.drop_table('department')
    op.drop_table('account')


# The full-text index over the products, in each database's own words; why so, says shop/catalog/search.py.
SEARCH = {
    "sqlite": (
        "CREATE VIRTUAL TABLE product_search USING fts5( search_text, content='product', content_rowid='id', prefix='2 3', tokenize='porter unicode61 remove_diacritics 2')",
        'CREATE TRIGGER product_search_insert AFTER INSERT ON product BEGIN INSERT INTO product_search(rowid, search_text) VALUES (new.id, new.search_text); END',
        "CREATE TRIGGER product_search_delete AFTER DELETE ON product BEGIN INSERT INTO product_search(product_search, rowid, search_text) VALUES ('delete', old.id, old.search_text); END",
        "CREATE TRIGGER product_search_update AFTER UPDATE OF search_text ON product BEGIN INSERT INTO product_search(product_search, rowid, search_text) VALUES ('delete', old.id, old.search_text); INSERT INTO product_search(rowid, search_text) VALUES (new.id, new.search_text); END",
        "INSERT INTO product_search(product_search) VALUES ('rebuild')",
    ),
    "postgresql": (
        'CREATE TEXT SEARCH DICTIONARY "{schema}".shop_porter (TEMPLATE = snowball, LANGUAGE = porter)',
        'CREATE TEXT SEARCH CONFIGURATION "{schema}".shop_english (COPY = pg_catalog.simple)',
        'ALTER TEXT SEARCH CONFIGURATION "{schema}".shop_english ALTER MAPPING FOR asciiword, word, numword WITH "{schema}".shop_porter',
        'CREATE FUNCTION "{schema}".shop_tsvector(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN to_tsvector(\'"{schema}".shop_english\'::regconfig, regexp_replace( normalize(regexp_replace(lower(normalize(words, NFD)), \'([a-z])[\\u0300-\\u036f]+\', \'\\1\', \'g\'), NFC), \'[^0-9a-zA-Z\\u00b2\\u00b3\\u00b9\\u00bc-\\u00be\\u00c0-\\u1fff\\u2c00-\\uffff]+\', \' \', \'g\'))',
        'CREATE INDEX fts_product ON product USING gin ("{schema}".shop_tsvector(search_text))',
    ),
}

SEARCH_DROP = {
    "sqlite": (
        'DROP TRIGGER IF EXISTS product_search_insert',
        'DROP TRIGGER IF EXISTS product_search_delete',
        'DROP TRIGGER IF EXISTS product_search_update',
        'DROP TABLE product_search',
    ),
    "postgresql": (
        'DROP INDEX fts_product',
        'DROP FUNCTION "{schema}".shop_tsvector(text)',
        'DROP TEXT SEARCH CONFIGURATION "{schema}".shop_english',
        'DROP TEXT SEARCH DICTIONARY "{schema}".shop_porter',
    ),
}


def _execute(statements: dict[str, tuple[str, ...]]) -> None:
    bind = op.get_bind()
    schema = "" if bind.dialect.name == "sqlite" else str(bind.scalar(sa.text("SELECT current_schema()")))
    for statement in statements[bind.dialect.name]:
        bind.exec_driver_sql(statement.replace("{schema}", schema))
