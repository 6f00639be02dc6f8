"""Which products' pieces have serial numbers, and which pieces went into a parcel."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in batch mode, which would make `product` anew on SQLite and lose the triggers of its full-text index.
    op.add_column('product', sa.Column('serial_numbered', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('parcel_line', sa.Column('serial_numbers', sa.JSON(), nullable=False, server_default='[]'))


def downgrade() -> None:
    op.drop_column('parcel_line', 'serial_numbers')
    op.drop_column('product', 'serial_numbered')
