"""What lies in each parcel, which refunded pieces were never sent, and which return a refund settles."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('parcel_line',
    sa.Column('parcel_id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['parcel_id'], ['parcel.id'], name=op.f('fk_parcel_line_parcel_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_parcel_line_product_id')),
    sa.PrimaryKeyConstraint('parcel_id', 'product_id', name=op.f('pk_parcel_line'))
    )
    with op.batch_alter_table('refund_line') as batch_op:
        batch_op.add_column(sa.Column('unsent', sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table('refund') as batch_op:
        batch_op.add_column(sa.Column('return_id', sa.String(length=40), nullable=True))
        batch_op.create_index(batch_op.f('ix_refund_return_id'), ['return_id'], unique=True)
    # Until now an order's first parcel took all of it, and what was given back before it was never sent.
    op.execute(
        "INSERT INTO parcel_line (parcel_id, product_id, quantity) "
        "SELECT p.id, l.product_id, sum(l.quantity) FROM order_line l "
        "JOIN (SELECT order_id, min(id) AS id FROM parcel GROUP BY order_id) p ON p.order_id = l.order_id "
        "WHERE l.quantity > 0 GROUP BY p.id, l.product_id"
    )
    op.execute(
        "UPDATE refund_line SET unsent = quantity WHERE refund_id IN ("
        "SELECT r.id FROM refund r JOIN orders o ON o.id = r.order_id WHERE o.status IN ('placed', 'cancelled') "
        "AND NOT EXISTS (SELECT 1 FROM parcel p WHERE p.order_id = o.id))"
    )


def downgrade() -> None:
    with op.batch_alter_table('refund') as batch_op:
        batch_op.drop_index(batch_op.f('ix_refund_return_id'))
        batch_op.drop_column('return_id')
    with op.batch_alter_table('refund_line') as batch_op:
        batch_op.drop_column('unsent')
    op.drop_table('parcel_line')
