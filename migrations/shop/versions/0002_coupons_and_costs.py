"""Coupons, and what goods cost the shop."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('coupon_mailing',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('reference', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('reached', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_coupon_mailing'))
    )
    with op.batch_alter_table('coupon_mailing', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_coupon_mailing_source_reference'), ['source', 'reference'], unique=True)

    op.create_table('coupon',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('label', sa.String(length=120), nullable=False),
    sa.Column('percent', sa.Integer(), nullable=True),
    sa.Column('amount_minor', sa.Integer(), nullable=True),
    sa.Column('minimum_minor', sa.Integer(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uses_left', sa.Integer(), nullable=True),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('mailing_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('amount_minor > 0', name=op.f('ck_coupon_amount_positive')),
    sa.CheckConstraint('percent BETWEEN 1 AND 100', name=op.f('ck_coupon_percent_in_range')),
    sa.CheckConstraint('stopped_at IS NOT NULL OR (percent IS NULL) <> (amount_minor IS NULL)', name=op.f('ck_coupon_one_kind_of_discount')),
    sa.CheckConstraint('uses_left >= 0', name=op.f('ck_coupon_uses_not_negative')),
    sa.ForeignKeyConstraint(['mailing_id'], ['coupon_mailing.id'], name=op.f('fk_coupon_mailing_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_coupon')),
    sa.UniqueConstraint('code', name=op.f('uq_coupon_code'))
    )
    with op.batch_alter_table('coupon', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_coupon_made_at'), ['made_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_coupon_mailing_id'), ['mailing_id'], unique=False)

    op.create_table('coupon_use',
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('coupon_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('discount_minor', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['coupon_id'], ['coupon.id'], name=op.f('fk_coupon_use_coupon_id')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_coupon_use_order_id')),
    sa.PrimaryKeyConstraint('order_id', 'coupon_id', name=op.f('pk_coupon_use'))
    )
    with op.batch_alter_table('coupon_use', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_coupon_use_coupon_id'), ['coupon_id'], unique=False)

    op.create_table('coupon_product',
    sa.Column('coupon_id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['coupon_id'], ['coupon.id'], name=op.f('fk_coupon_product_coupon_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_coupon_product_product_id')),
    sa.PrimaryKeyConstraint('coupon_id', 'product_id', name=op.f('pk_coupon_product'))
    )
    with op.batch_alter_table('cart', schema=None) as batch_op:
        batch_op.add_column(sa.Column('coupon_code', sa.String(length=40), nullable=True))

    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('cost_minor', sa.BigInteger(), nullable=True))

    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.add_column(sa.Column('cost_minor', sa.Integer(), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.drop_column('cost_minor')

    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.drop_column('cost_minor')

    with op.batch_alter_table('cart', schema=None) as batch_op:
        batch_op.drop_column('coupon_code')

    op.drop_table('coupon_product')
    with op.batch_alter_table('coupon_use', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_coupon_use_coupon_id'))

    op.drop_table('coupon_use')
    with op.batch_alter_table('coupon', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_coupon_mailing_id'))
        batch_op.drop_index(batch_op.f('ix_coupon_made_at'))

    op.drop_table('coupon')
    with op.batch_alter_table('coupon_mailing', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_coupon_mailing_source_reference'))

    op.drop_table('coupon_mailing')
