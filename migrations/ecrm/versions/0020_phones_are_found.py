"""Customers are found by their telephone number, however it is written."""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('ecrm_customer') as batch_op:
        batch_op.add_column(sa.Column('phone_folded', sa.String(length=20), nullable=False, server_default=''))
        batch_op.create_index('ix_ecrm_customer_phone_folded', ['phone_folded'])
    op.execute(
        "INSERT INTO ecrm_note (name, text) SELECT 'owed: phones', '' WHERE EXISTS "
        "(SELECT 1 FROM ecrm_customer WHERE phone <> '') "
        "AND NOT EXISTS (SELECT 1 FROM ecrm_note WHERE name = 'owed: phones')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM ecrm_note WHERE name = 'owed: phones'")
    with op.batch_alter_table('ecrm_customer') as batch_op:
        batch_op.drop_index('ix_ecrm_customer_phone_folded')
        batch_op.drop_column('phone_folded')
