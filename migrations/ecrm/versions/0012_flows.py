"""Who is in which flow, what the shop set for each, and the local days that daily flows have done."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0008'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ecrm_flow_entry',
    sa.Column('id', ID, nullable=False),
    sa.Column('flow', sa.String(length=40), nullable=False),
    sa.Column('cause', sa.String(length=120), nullable=False),
    sa.Column('contact_id', ID, nullable=False),
    sa.Column('customer_id', ID, nullable=True),
    sa.Column('order_reference', sa.String(length=64), nullable=True),
    sa.Column('topic', sa.String(length=20), nullable=False),
    sa.Column('control', sa.Boolean(), nullable=False),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.Column('caused_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['ecrm_contact.id'], name=op.f('fk_ecrm_flow_entry_contact_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_flow_entry_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_flow_entry')),
    )
    op.create_index('ix_ecrm_flow_entry_flow_cause', 'ecrm_flow_entry', ['flow', 'cause'], unique=True)
    op.create_index('ix_ecrm_flow_entry_state_due_at', 'ecrm_flow_entry', ['state', 'due_at'])
    op.create_index('ix_ecrm_flow_entry_flow_entered_at', 'ecrm_flow_entry', ['flow', 'entered_at'])
    op.create_index('ix_ecrm_flow_entry_contact_id', 'ecrm_flow_entry', ['contact_id'])
    op.create_index('ix_ecrm_flow_entry_customer_id', 'ecrm_flow_entry', ['customer_id'])
    op.create_table('ecrm_flow_setting',
    sa.Column('flow', sa.String(length=40), nullable=False),
    sa.Column('switched_on', sa.Boolean(), nullable=False),
    sa.Column('control_percent', sa.Integer(), nullable=False),
    sa.Column('knobs', sa.JSON(), nullable=False),
    sa.Column('seen_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('changed_by', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('flow', name=op.f('pk_ecrm_flow_setting')),
    )
    op.create_table('ecrm_flow_day',
    sa.Column('flow', sa.String(length=40), nullable=False),
    sa.Column('zone', sa.String(length=60), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('flow', 'zone', 'day', name=op.f('pk_ecrm_flow_day')),
    )


def downgrade() -> None:
    for table in ('ecrm_flow_day', 'ecrm_flow_setting', 'ecrm_flow_entry'):
        op.drop_table(table)
