"""A message knows whether it answers our letter to a service point, from whichever address it comes."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("ecrm_case_message") as table:
        table.add_column(sa.Column("from_workshop", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("ecrm_case_message") as table:
        table.drop_column("from_workshop")
