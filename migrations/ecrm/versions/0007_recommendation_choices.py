"""What people said to recommendations: not interested, don't use this."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

TABLE = 'ecrm_recommendation_choice'


def upgrade() -> None:
    op.create_table(TABLE,
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('visitor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('choice', sa.String(length=20), nullable=False),
    sa.Column('chosen_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_recommendation_choice_customer_id')),
    sa.ForeignKeyConstraint(['visitor_id'], ['ecrm_visitor.id'], name=op.f('fk_ecrm_recommendation_choice_visitor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_recommendation_choice'))
    )
    for owner in ('customer', 'visitor'):
        known = sa.text(f'{owner}_id IS NOT NULL')
        op.create_index(
            f'ix_ecrm_recommendation_choice_{owner}', TABLE, [f'{owner}_id', 'product', 'choice'], unique=True,
            sqlite_where=known, postgresql_where=known,
        )


def downgrade() -> None:
    for owner in ('visitor', 'customer'):
        op.drop_index(f'ix_ecrm_recommendation_choice_{owner}', table_name=TABLE)
    op.drop_table(TABLE)
