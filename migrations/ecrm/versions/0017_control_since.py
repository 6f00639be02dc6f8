"""A flow's groups are compared from the last change of the share that is left out."""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('ecrm_flow_setting') as batch_op:
        batch_op.add_column(sa.Column('control_since', sa.DateTime(timezone=True), nullable=True))
    # which change was the share's isn't known any more; the last one of anything is late enough
    op.execute('UPDATE ecrm_flow_setting SET control_since = changed_at')


def downgrade() -> None:
    with op.batch_alter_table('ecrm_flow_setting') as batch_op:
        batch_op.drop_column('control_since')
