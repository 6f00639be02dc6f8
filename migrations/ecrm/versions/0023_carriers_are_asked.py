"""Messages of aggregators, each taken once, and when a parcel's carrier is asked next."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0025"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ecrm_carrier_message",
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=100), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tracking_number", sa.String(length=64), nullable=False),
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("scans", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecrm_carrier_message")),
    )
    op.create_index(
        op.f("ix_ecrm_carrier_message_source_event_id"), "ecrm_carrier_message", ["source", "event_id"], unique=True
    )
    op.create_index(
        op.f("ix_ecrm_carrier_message_state_tracking_number"), "ecrm_carrier_message", ["state", "tracking_number"]
    )
    op.create_index(op.f("ix_ecrm_carrier_message_taken_at"), "ecrm_carrier_message", ["taken_at"])
    op.create_table(
        "ecrm_shipment_poll",
        sa.Column("shipment_id", ID, nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["ecrm_shipment.id"], name=op.f("fk_ecrm_shipment_poll_shipment_id_ecrm_shipment")
        ),
        sa.PrimaryKeyConstraint("shipment_id", name=op.f("pk_ecrm_shipment_poll")),
    )
    op.create_index(op.f("ix_ecrm_shipment_poll_next_at"), "ecrm_shipment_poll", ["next_at"])


def downgrade() -> None:
    op.drop_table("ecrm_shipment_poll")
    op.drop_table("ecrm_carrier_message")
