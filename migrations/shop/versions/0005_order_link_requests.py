"""That somebody asked for the link of an order; kept for a day."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'order_link_request',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_order_link_request')),
    )
    op.create_index(op.f('ix_order_link_request_asked_at'), 'order_link_request', ['asked_at'])


def downgrade() -> None:
    op.drop_table('order_link_request')
