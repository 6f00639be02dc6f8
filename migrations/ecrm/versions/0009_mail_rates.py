"""From when on each limit of e-mails in a time is free again."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ecrm_mail_pace',
    sa.Column('name', sa.String(length=260), nullable=False),
    sa.Column('free_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_ecrm_mail_pace')),
    )


def downgrade() -> None:
    op.drop_table('ecrm_mail_pace')
