"""What lies in each parcel, a public name for it, where and how it goes, and since when it is known to be late."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ecrm_shipment_line',
    sa.Column('shipment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['shipment_id'], ['ecrm_shipment.id'], name=op.f('fk_ecrm_shipment_line_shipment_id')),
    sa.PrimaryKeyConstraint('shipment_id', 'product', name=op.f('pk_ecrm_shipment_line'))
    )
    with op.batch_alter_table('ecrm_shipment') as batch_op:
        batch_op.add_column(sa.Column('token', sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column('country', sa.String(length=2), nullable=False, server_default=""))
        batch_op.add_column(sa.Column('service', sa.String(length=40), nullable=False, server_default=""))
        batch_op.add_column(sa.Column('expected_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('delayed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('delayed_why', sa.String(length=20), nullable=False, server_default=""))
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        # SQLite's own randomblob() doesn't promise to be fit for secrets
        connection.connection.driver_connection.create_function("new_token", 0, lambda: secrets.token_urlsafe(16))
        op.execute("UPDATE ecrm_shipment SET token = new_token()")
    else:  # two of them, as six bits of a UUID are no secret
        op.execute(
            "UPDATE ecrm_shipment SET token = "
            "replace(gen_random_uuid()::text, '-', '') || replace(gen_random_uuid()::text, '-', '')"
        )
    _say_what_is_known()
    with op.batch_alter_table('ecrm_shipment') as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_shipment_token'), ['token'], unique=True)
        batch_op.create_index(batch_op.f('ix_ecrm_shipment_tracking_number'), ['tracking_number'], unique=False)


def _say_what_is_known() -> None:
    """The only shipment of an order holds all of it."""
    op.execute(
        "INSERT INTO ecrm_shipment_line (shipment_id, product, name, quantity) "
        "SELECT s.id, l.product, min(l.name), sum(l.quantity) FROM ecrm_shipment s "
        "JOIN ecrm_order o ON o.reference = s.order_reference JOIN ecrm_order_line l ON l.order_id = o.id "
        "WHERE l.quantity > 0 AND NOT EXISTS (SELECT 1 FROM ecrm_shipment t "
        "WHERE t.order_reference = s.order_reference AND t.id <> s.id) GROUP BY s.id, l.product"
    )


def downgrade() -> None:
    with op.batch_alter_table('ecrm_shipment') as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_shipment_tracking_number'))
        batch_op.drop_index(batch_op.f('ix_ecrm_shipment_token'))
        for name in ('delayed_why', 'delayed_at', 'expected_on', 'service', 'country', 'token'):
            batch_op.drop_column(name)
    op.drop_table('ecrm_shipment_line')
