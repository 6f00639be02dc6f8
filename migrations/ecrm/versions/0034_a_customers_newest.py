"""A customer's newest parcels, messages about them, searches and sign-ins are each read over an index of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OF_PERSONS = {
    "ix_ecrm_event_searches": "name = 'Products Searched' AND customer_id IS NOT NULL",
    "ix_ecrm_event_of_accounts": "name IN ('Profile Changed', 'Signed In', 'Signed Up') AND customer_id IS NOT NULL",
}


def upgrade() -> None:
    op.add_column("ecrm_scan", sa.Column("customer_id", ID, nullable=True))
    op.execute(
        "UPDATE ecrm_scan SET customer_id = "
        "(SELECT customer_id FROM ecrm_shipment WHERE ecrm_shipment.id = ecrm_scan.shipment_id)"
    )
    op.create_index("ix_ecrm_scan_customer_id_scanned_at", "ecrm_scan", ["customer_id", "scanned_at"])
    op.create_index("ix_ecrm_shipment_customer_id_expected_at", "ecrm_shipment", ["customer_id", "expected_at"])
    op.drop_index("ix_ecrm_shipment_customer_id", table_name="ecrm_shipment")
    for name, where in OF_PERSONS.items():
        some = sa.text(where)
        op.create_index(name, "ecrm_event", ["customer_id", "happened_at"], sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    for name in OF_PERSONS:
        op.drop_index(name, table_name="ecrm_event")
    op.create_index("ix_ecrm_shipment_customer_id", "ecrm_shipment", ["customer_id"])
    op.drop_index("ix_ecrm_shipment_customer_id_expected_at", table_name="ecrm_shipment")
    op.drop_index("ix_ecrm_scan_customer_id_scanned_at", table_name="ecrm_scan")
    with op.batch_alter_table("ecrm_scan") as batch_op:
        batch_op.drop_column("customer_id")
