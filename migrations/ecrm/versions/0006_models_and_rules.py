"""Models by name with their gate, their lists in files instead of a table, and the marketer's rules."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table('ecrm_ranked_list')
    op.create_table('ecrm_recommendation_rule',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('what', sa.String(length=10), nullable=False),
    sa.Column('of', sa.String(length=10), nullable=False),
    sa.Column('value', sa.String(length=100), nullable=False),
    sa.Column('weight', sa.Double(), nullable=False),
    sa.Column('placement', sa.String(length=20), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('made_by', sa.String(length=100), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_recommendation_rule'))
    )
    with op.batch_alter_table('ecrm_recommendation_rule', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_recommendation_rule_ended_at'), ['ended_at'], unique=False)

    # Added one by one with defaults that stay: rebuilding the table on SQLite would drop what refers to it.
    for column in (
        sa.Column('name', sa.String(length=60), nullable=False, server_default=''),
        sa.Column('kind', sa.String(length=10), nullable=False, server_default='full'),
        sa.Column('state', sa.String(length=10), nullable=False, server_default='withdrawn'),
        sa.Column('base', sa.String(length=60), nullable=False, server_default=''),
        sa.Column('seconds', sa.Double(), nullable=False, server_default='0'),
        sa.Column('gate', sa.JSON(), nullable=False, server_default='{}'),
    ):
        op.add_column('ecrm_model', column)
    # Models of before have no folder: they stay in the history and are served no more.
    op.execute("UPDATE ecrm_model SET name = 'before-' || id")
    op.create_index(op.f('ix_ecrm_model_name'), 'ecrm_model', ['name'], unique=True)


def downgrade() -> None:
    op.drop_index(op.f('ix_ecrm_model_name'), table_name='ecrm_model')
    for name in ('gate', 'seconds', 'base', 'state', 'kind', 'name'):
        op.drop_column('ecrm_model', name)
    op.drop_table('ecrm_recommendation_rule')
    op.create_table('ecrm_ranked_list',
    sa.Column('model_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('products', sa.JSON(), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['model_id'], ['ecrm_model.id'], name=op.f('fk_ecrm_ranked_list_model_id')),
    sa.PrimaryKeyConstraint('model_id', 'kind', 'key', name=op.f('pk_ecrm_ranked_list'))
    )
