"""Reviews of verified buyers."""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0020'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ecrm_review',
    sa.Column('id', ID, nullable=False),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('customer_id', ID, nullable=True),
    sa.Column('order_reference', sa.String(length=64), nullable=False),
    sa.Column('stars', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('display_name', sa.String(length=60), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('hidden_reason', sa.String(length=200), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('moderated_by', sa.String(length=64), nullable=False),
    sa.Column('moderated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reply', sa.Text(), nullable=False),
    sa.Column('reply_by', sa.String(length=100), nullable=False),
    sa.Column('replied_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('stars BETWEEN 1 AND 5', name=op.f('ck_ecrm_review_stars')),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_review_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_review')),
    )
    op.create_index('ix_ecrm_review_product_customer_id', 'ecrm_review', ['product', 'customer_id'], unique=True)
    op.create_index('ix_ecrm_review_shown', 'ecrm_review', ['product', 'state', 'written_at'])
    op.create_index('ix_ecrm_review_state_written_at', 'ecrm_review', ['state', 'written_at'])
    op.create_index('ix_ecrm_review_customer_id', 'ecrm_review', ['customer_id'])


def downgrade() -> None:
    op.drop_table('ecrm_review')
