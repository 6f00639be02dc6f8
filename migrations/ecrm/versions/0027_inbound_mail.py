"""Letters to the desk are kept as they came until they are cases."""

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'ecrm_inbound_mail',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('dedup_key', sa.String(length=64), nullable=False),
        sa.Column('source', sa.String(length=20), nullable=False),
        sa.Column('recipient', sa.String(length=254), nullable=False),
        sa.Column('from_folded', sa.String(length=254), nullable=False),
        sa.Column('subject', sa.String(length=300), nullable=False),
        sa.Column('raw', sa.LargeBinary(), nullable=True),
        sa.Column('size', sa.Integer(), nullable=False),
        sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('why', sa.String(length=200), nullable=False),
        sa.Column('case_id', sa.BigInteger(), nullable=True),
        sa.Column('digested_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_inbound_mail')),
        sa.UniqueConstraint('dedup_key', name=op.f('uq_ecrm_inbound_mail_dedup_key')),
    )
    with op.batch_alter_table('ecrm_inbound_mail') as batch_op:
        batch_op.create_index(op.f('ix_ecrm_inbound_mail_state_id'), ['state', 'id'])
        batch_op.create_index(op.f('ix_ecrm_inbound_mail_from_folded_received_at'), ['from_folded', 'received_at'])
        batch_op.create_index(op.f('ix_ecrm_inbound_mail_received_at'), ['received_at'])
        batch_op.create_index(op.f('ix_ecrm_inbound_mail_case_id'), ['case_id'])


def downgrade() -> None:
    op.drop_table('ecrm_inbound_mail')
