"""Products that aren't sold to everybody: an age limit, and countries that they aren't sent to."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in batch mode, which would make `product` anew on SQLite and lose the triggers of its full-text index.
    op.add_column('product', sa.Column('age_limit', sa.Integer(), nullable=True))
    op.add_column('product', sa.Column('barred_in', sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column('product', 'barred_in')
    op.drop_column('product', 'age_limit')
