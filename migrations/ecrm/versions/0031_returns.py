"""Returns: what customers send back, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ecrm_return",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("order_reference", sa.String(length=64), nullable=False),
        sa.Column("customer_id", ID, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("received_at", MOMENT, nullable=True),
        sa.Column("refunded_at", MOMENT, nullable=True),
        sa.Column("refund_reference", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["ecrm_customer.id"], name=op.f("fk_ecrm_return_customer_id_ecrm_customer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecrm_return")),
        sa.UniqueConstraint("reference", name=op.f("uq_ecrm_return_reference")),
    )
    op.create_index(op.f("ix_ecrm_return_order_reference"), "ecrm_return", ["order_reference"])
    op.create_index(op.f("ix_ecrm_return_customer_id_asked_at"), "ecrm_return", ["customer_id", "asked_at"])
    op.create_index(op.f("ix_ecrm_return_state_asked_at"), "ecrm_return", ["state", "asked_at"])
    op.create_table(
        "ecrm_return_line",
        sa.Column("return_id", ID, nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["return_id"], ["ecrm_return.id"], name=op.f("fk_ecrm_return_line_return_id_ecrm_return")
        ),
        sa.PrimaryKeyConstraint("return_id", "product", name=op.f("pk_ecrm_return_line")),
    )
    op.create_index(op.f("ix_ecrm_return_line_product"), "ecrm_return_line", ["product"])


def downgrade() -> None:
    op.drop_table("ecrm_return_line")
    op.drop_table("ecrm_return")
