"""Units, warranty requests, service points, notes and offers; customers are found by name."""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0031'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
FOLDED = sa.String(length=210).with_variant(sa.String(length=210, collation='C'), 'postgresql')


def upgrade() -> None:
    op.create_table('ecrm_postcode',
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('postcode', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('latitude', sa.Float(precision=53), nullable=False),
    sa.Column('longitude', sa.Float(precision=53), nullable=False),
    sa.PrimaryKeyConstraint('country', 'postcode', name=op.f('pk_ecrm_postcode'))
    )
    op.create_table('ecrm_service_point',
    sa.Column('id', ID, nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('address', sa.String(length=300), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('hours', sa.String(length=200), nullable=False),
    sa.Column('latitude', sa.Float(precision=53), nullable=False),
    sa.Column('longitude', sa.Float(precision=53), nullable=False),
    sa.Column('serves', sa.JSON(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_service_point'))
    )
    op.create_table('ecrm_customer_note',
    sa.Column('id', ID, nullable=False),
    sa.Column('customer_id', ID, nullable=False),
    sa.Column('staff_id', sa.String(length=64), nullable=False),
    sa.Column('staff_name', sa.String(length=100), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('pinned', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_customer_note_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_customer_note'))
    )
    with op.batch_alter_table('ecrm_customer_note') as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_customer_note_customer_id_at'), ['customer_id', 'at'])

    op.create_table('ecrm_offer_made',
    sa.Column('id', ID, nullable=False),
    sa.Column('customer_id', ID, nullable=False),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('how', sa.String(length=20), nullable=False),
    sa.Column('staff_id', sa.String(length=64), nullable=False),
    sa.Column('staff_name', sa.String(length=100), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_offer_made_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_offer_made'))
    )
    with op.batch_alter_table('ecrm_offer_made') as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_offer_made_customer_id_at'), ['customer_id', 'at'])

    op.create_table('ecrm_unit',
    sa.Column('id', ID, nullable=False),
    sa.Column('serial_number', sa.String(length=64), nullable=False),
    sa.Column('serial_folded', sa.String(length=64), nullable=False),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('order_reference', sa.String(length=64), nullable=False),
    sa.Column('customer_id', ID, nullable=True),
    sa.Column('sold_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('warranty_until', sa.Date(), nullable=True),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_unit_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_unit'))
    )
    with op.batch_alter_table('ecrm_unit') as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_unit_customer_id_sold_at'), ['customer_id', 'sold_at'])
        batch_op.create_index(batch_op.f('ix_ecrm_unit_order_reference'), ['order_reference'])
        batch_op.create_index(batch_op.f('ix_ecrm_unit_serial_folded_product'), ['serial_folded', 'product'], unique=True)

    op.create_table('ecrm_warranty_request',
    sa.Column('id', ID, nullable=False),
    sa.Column('unit_id', ID, nullable=False),
    sa.Column('point_id', ID, nullable=False),
    sa.Column('case_id', ID, nullable=True),
    sa.Column('customer_id', ID, nullable=True),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('email_id', ID, nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(length=100), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['ecrm_case.id'], name=op.f('fk_ecrm_warranty_request_case_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_warranty_request_customer_id')),
    sa.ForeignKeyConstraint(['point_id'], ['ecrm_service_point.id'], name=op.f('fk_ecrm_warranty_request_point_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['ecrm_unit.id'], name=op.f('fk_ecrm_warranty_request_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_warranty_request'))
    )
    with op.batch_alter_table('ecrm_warranty_request') as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_warranty_request_case_id'), ['case_id'])
        batch_op.create_index(batch_op.f('ix_ecrm_warranty_request_customer_id'), ['customer_id'])
        batch_op.create_index(batch_op.f('ix_ecrm_warranty_request_unit_id'), ['unit_id'])

    with op.batch_alter_table('ecrm_customer') as batch_op:
        batch_op.add_column(sa.Column('name_folded', FOLDED, nullable=False, server_default=''))
        batch_op.create_index(batch_op.f('ix_ecrm_customer_name_folded'), ['name_folded'])
    op.execute(
        "INSERT INTO ecrm_note (name, text) SELECT 'owed: names', '' WHERE EXISTS "
        "(SELECT 1 FROM ecrm_customer WHERE last_name <> '' OR first_name <> '') "
        "AND NOT EXISTS (SELECT 1 FROM ecrm_note WHERE name = 'owed: names')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM ecrm_note WHERE name = 'owed: names'")
    with op.batch_alter_table('ecrm_customer') as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_customer_name_folded'))
        batch_op.drop_column('name_folded')

    with op.batch_alter_table('ecrm_warranty_request') as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_warranty_request_unit_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_warranty_request_customer_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_warranty_request_case_id'))

    op.drop_table('ecrm_warranty_request')
    with op.batch_alter_table('ecrm_unit') as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_unit_serial_folded_product'))
        batch_op.drop_index(batch_op.f('ix_ecrm_unit_order_reference'))
        batch_op.drop_index(batch_op.f('ix_ecrm_unit_customer_id_sold_at'))

    op.drop_table('ecrm_unit')
    with op.batch_alter_table('ecrm_offer_made') as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_offer_made_customer_id_at'))

    op.drop_table('ecrm_offer_made')
    with op.batch_alter_table('ecrm_customer_note') as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_customer_note_customer_id_at'))

    op.drop_table('ecrm_customer_note')
    op.drop_table('ecrm_service_point')
    op.drop_table('ecrm_postcode')
