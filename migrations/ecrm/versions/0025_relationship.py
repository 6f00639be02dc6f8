"""Who asks and who buys, and the shop's policy for them."""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ecrm_relationship_run',
    sa.Column('id', ID, nullable=False),
    sa.Column('as_of', sa.DateTime(timezone=True), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('much_contacts', sa.Integer(), nullable=False),
    sa.Column('much_orders', sa.Integer(), nullable=False),
    sa.Column('by', sa.String(length=10), nullable=False),
    sa.Column('customers', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_relationship_run')),
    )
    op.create_table('ecrm_relationship',
    sa.Column('customer_id', ID, autoincrement=False, nullable=False),
    sa.Column('cell', sa.String(length=30), nullable=False),
    sa.Column('contacts', sa.Integer(), nullable=False),
    sa.Column('orders', sa.Integer(), nullable=False),
    sa.Column('net_minor', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_relationship_customer_id')),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_ecrm_relationship')),
    )
    op.create_index('ix_ecrm_relationship_cell', 'ecrm_relationship', ['cell'])
    op.create_table('ecrm_relationship_policy',
    sa.Column('cell', sa.String(length=30), nullable=False),
    sa.Column('days_first', sa.Integer(), nullable=False),
    sa.Column('response_minutes', sa.Integer(), nullable=True),
    sa.Column('reminder', sa.String(length=300), nullable=False),
    sa.Column('agent_id', sa.String(length=64), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('cell', name=op.f('pk_ecrm_relationship_policy')),
    )


def downgrade() -> None:
    op.drop_table('ecrm_relationship_policy')
    op.drop_table('ecrm_relationship')
    op.drop_table('ecrm_relationship_run')
