"""Letters in copy: whom else a message of a case went to, and what its sender's clock said."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("ecrm_case_message") as table:
        table.add_column(sa.Column("written_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "ecrm_case_recipient",
        sa.Column("id", ID, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("field", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("folded", sa.String(length=254), nullable=False),
        sa.Column("email_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["ecrm_case_message.id"], name=op.f("fk_ecrm_case_recipient_message_id_ecrm_case_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecrm_case_recipient")),
    )
    for column in ("message_id", "folded", "email_id"):
        op.create_index(op.f(f"ix_ecrm_case_recipient_{column}"), "ecrm_case_recipient", [column])


def downgrade() -> None:
    op.drop_table("ecrm_case_recipient")
    with op.batch_alter_table("ecrm_case_message") as table:
        table.drop_column("written_at")
