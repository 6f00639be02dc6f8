"""Mailings, what their variants say, and who was left out of them to know their effect."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ecrm_mailing',
    sa.Column('id', ID, nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('topic', sa.String(length=20), nullable=False),
    sa.Column('segment_id', sa.BigInteger(), nullable=True),
    sa.Column('campaign', sa.String(length=100), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('cursor', sa.BigInteger(), nullable=False),
    sa.Column('edition', sa.Integer(), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('holdout_percent', sa.Integer(), nullable=False),
    sa.Column('test_percent', sa.Integer(), nullable=False),
    sa.Column('winner_by', sa.String(length=20), nullable=False),
    sa.Column('winner_after_hours', sa.Integer(), nullable=False),
    sa.Column('winner', sa.String(length=20), nullable=False),
    sa.Column('decision', sa.JSON(), nullable=False),
    sa.Column('decide_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('start_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by', sa.String(length=100), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_mailing')),
    )
    op.create_index('ix_ecrm_mailing_state_start_at', 'ecrm_mailing', ['state', 'start_at'])
    op.create_table('ecrm_mailing_variant',
    sa.Column('mailing_id', ID, nullable=False),
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('preview', sa.String(length=300), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_id'], ['ecrm_mailing.id'], name=op.f('fk_ecrm_mailing_variant_mailing_id')),
    sa.PrimaryKeyConstraint('mailing_id', 'name', name=op.f('pk_ecrm_mailing_variant')),
    )
    op.create_table('ecrm_mailing_holdout',
    sa.Column('mailing_id', ID, nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=False),
    sa.Column('customer_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['mailing_id'], ['ecrm_mailing.id'], name=op.f('fk_ecrm_mailing_holdout_mailing_id')),
    sa.PrimaryKeyConstraint('mailing_id', 'contact_id', name=op.f('pk_ecrm_mailing_holdout')),
    )


def downgrade() -> None:
    for table in ('ecrm_mailing_holdout', 'ecrm_mailing_variant', 'ecrm_mailing'):
        op.drop_table(table)
