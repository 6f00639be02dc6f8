"""Tracking numbers are kept as they are scanned, those of before too."""

from alembic import op

revision = "0032"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO ecrm_note (name, text) SELECT 'owed: numbers', '' WHERE EXISTS "
        "(SELECT 1 FROM ecrm_shipment WHERE tracking_number <> '') "
        "AND NOT EXISTS (SELECT 1 FROM ecrm_note WHERE name = 'owed: numbers')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM ecrm_note WHERE name = 'owed: numbers'")
