"""How often a service point that says nothing was reminded of a warranty request, and when last."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ecrm_warranty_request", sa.Column("reminders", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("ecrm_warranty_request", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    # What was asked before anybody counted silence is the desk's to look through, not to be written about at once.
    op.execute("UPDATE ecrm_warranty_request SET reminders = 2")
    op.create_index("ix_ecrm_warranty_request_state_asked_at", "ecrm_warranty_request", ["state", "asked_at"])


def downgrade() -> None:
    op.drop_index("ix_ecrm_warranty_request_state_asked_at", "ecrm_warranty_request")
    op.drop_column("ecrm_warranty_request", "reminded_at")
    op.drop_column("ecrm_warranty_request", "reminders")
