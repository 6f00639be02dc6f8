"""The desk's targets, routing rules with their examples, and macros."""

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0019'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ecrm_case_target',
    sa.Column('id', ID, nullable=False),
    sa.Column('segment_id', ID, nullable=True),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('response_minutes', sa.Integer(), nullable=True),
    sa.Column('resolution_minutes', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['segment_id'], ['ecrm_segment.id'], name=op.f('fk_ecrm_case_target_segment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_case_target')),
    sa.UniqueConstraint('segment_id', 'priority', name=op.f('uq_ecrm_case_target_segment_id_priority'))
    )
    op.create_table('ecrm_macro',
    sa.Column('id', ID, nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('team_id', ID, nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(length=100), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['team_id'], ['ecrm_team.id'], name=op.f('fk_ecrm_macro_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_macro')),
    sa.UniqueConstraint('name', name=op.f('uq_ecrm_macro_name'))
    )
    op.create_table('ecrm_routing_example',
    sa.Column('id', ID, nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('given', sa.JSON(), nullable=False),
    sa.Column('team_id', ID, nullable=True),
    sa.Column('staff_id', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['team_id'], ['ecrm_team.id'], name=op.f('fk_ecrm_routing_example_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_routing_example')),
    sa.UniqueConstraint('name', name=op.f('uq_ecrm_routing_example_name'))
    )
    op.create_table('ecrm_routing_rule',
    sa.Column('id', ID, nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('conditions', sa.JSON(), nullable=False),
    sa.Column('team_id', ID, nullable=False),
    sa.Column('skill', sa.String(length=40), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['team_id'], ['ecrm_team.id'], name=op.f('fk_ecrm_routing_rule_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_routing_rule'))
    )


def downgrade() -> None:
    op.drop_table('ecrm_routing_rule')
    op.drop_table('ecrm_routing_example')
    op.drop_table('ecrm_macro')
    op.drop_table('ecrm_case_target')
