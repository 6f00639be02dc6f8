"""Who waits for what, and how many pieces may still be promised."""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ecrm_waitlist',
    sa.Column('id', ID, nullable=False),
    sa.Column('contact_id', ID, nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('region', sa.String(length=2), nullable=False),
    sa.Column('price_minor', sa.BigInteger(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['ecrm_contact.id'], name=op.f('fk_ecrm_waitlist_contact_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_waitlist')),
    )
    op.create_index(
        'ix_ecrm_waitlist_contact_id_kind_subject', 'ecrm_waitlist', ['contact_id', 'kind', 'subject'], unique=True
    )
    op.create_index(
        'ix_ecrm_waitlist_kind_state_subject_asked_at', 'ecrm_waitlist', ['kind', 'state', 'subject', 'asked_at']
    )
    op.create_table('ecrm_supply',
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('pieces', sa.Integer(), nullable=False),
    sa.Column('promisable', sa.Integer(), nullable=False),
    sa.Column('price_minor', sa.BigInteger(), nullable=True),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('product', name=op.f('pk_ecrm_supply')),
    )


def downgrade() -> None:
    op.drop_table('ecrm_supply')
    op.drop_table('ecrm_waitlist')
