"""Calls, as the telephone system tells them or staff write them down."""

import sqlalchemy as sa
from alembic import op

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'ecrm_call',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('external_id', sa.String(length=130), nullable=True),
        sa.Column('number', sa.String(length=20), nullable=False),
        sa.Column('direction', sa.String(length=4), nullable=False),
        sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('staff_id', sa.String(length=64), nullable=False),
        sa.Column('staff_name', sa.String(length=100), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('outcome', sa.String(length=12), nullable=False),
        sa.Column('words', sa.Text(), nullable=False),
        sa.Column('case_id', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_call_customer_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_call')),
        sa.UniqueConstraint('external_id', name=op.f('uq_ecrm_call_external_id')),
    )
    with op.batch_alter_table('ecrm_call') as batch_op:
        batch_op.create_index(op.f('ix_ecrm_call_number_started_at'), ['number', 'started_at'])
        batch_op.create_index(op.f('ix_ecrm_call_customer_id_started_at'), ['customer_id', 'started_at'])
        batch_op.create_index(op.f('ix_ecrm_call_started_at'), ['started_at'])
        batch_op.create_index(op.f('ix_ecrm_call_case_id'), ['case_id'])


def downgrade() -> None:
    op.drop_table('ecrm_call')
