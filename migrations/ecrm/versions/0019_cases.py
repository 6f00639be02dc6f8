"""Cases of the support desk, with teams and agents."""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0022'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ecrm_attachment_content',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_ecrm_attachment_content'))
    )
    op.create_table('ecrm_team',
    sa.Column('id', ID, nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('time_zone', sa.String(length=64), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('subdivision', sa.String(length=6), nullable=False),
    sa.Column('hours', sa.JSON(), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_team')),
    sa.UniqueConstraint('name', name=op.f('uq_ecrm_team_name'))
    )
    op.create_table('ecrm_agent',
    sa.Column('staff_id', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('team_id', ID, nullable=True),
    sa.Column('skills', sa.JSON(), nullable=False),
    sa.Column('languages', sa.JSON(), nullable=False),
    sa.Column('most_open', sa.Integer(), nullable=False),
    sa.Column('hours', sa.JSON(), nullable=False),
    sa.Column('away_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['team_id'], ['ecrm_team.id'], name=op.f('fk_ecrm_agent_team_id')),
    sa.PrimaryKeyConstraint('staff_id', name=op.f('pk_ecrm_agent'))
    )
    op.create_index('ix_ecrm_agent_team_id', 'ecrm_agent', ['team_id'])
    op.create_table('ecrm_case',
    sa.Column('id', ID, nullable=False),
    sa.Column('reference', sa.String(length=16), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('customer_id', ID, nullable=True),
    sa.Column('from_address', sa.String(length=254), nullable=False),
    sa.Column('from_folded', sa.String(length=254), nullable=False),
    sa.Column('from_name', sa.String(length=200), nullable=False),
    sa.Column('channel', sa.String(length=10), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('team_id', ID, nullable=True),
    sa.Column('owner', sa.String(length=64), nullable=False),
    sa.Column('order_reference', sa.String(length=64), nullable=False),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_message_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('response_minutes', sa.Integer(), nullable=True),
    sa.Column('resolution_minutes', sa.Integer(), nullable=True),
    sa.Column('first_response_due', sa.DateTime(timezone=True), nullable=True),
    sa.Column('first_responded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolution_due', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_due', sa.DateTime(timezone=True), nullable=False),
    sa.Column('waiting_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paused_seconds', sa.Integer(), nullable=False),
    sa.Column('response_breached_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolution_breached_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('solved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reopened', sa.Integer(), nullable=False),
    sa.Column('merged_into', ID, nullable=True),
    sa.Column('spam', sa.Boolean(), nullable=False),
    sa.Column('satisfaction', sa.Integer(), nullable=True),
    sa.Column('satisfaction_words', sa.Text(), nullable=False),
    sa.Column('satisfaction_asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('satisfied_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_case_customer_id')),
    sa.ForeignKeyConstraint(['merged_into'], ['ecrm_case.id'], name=op.f('fk_ecrm_case_merged_into')),
    sa.ForeignKeyConstraint(['team_id'], ['ecrm_team.id'], name=op.f('fk_ecrm_case_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_case')),
    sa.UniqueConstraint('reference', name=op.f('uq_ecrm_case_reference'))
    )
    op.create_index('ix_ecrm_case_customer_id_last_message_at', 'ecrm_case', ['customer_id', 'last_message_at'])
    op.create_index('ix_ecrm_case_from_folded_last_message_at', 'ecrm_case', ['from_folded', 'last_message_at'])
    op.create_index('ix_ecrm_case_merged_into', 'ecrm_case', ['merged_into'])
    op.create_index('ix_ecrm_case_opened_at_id', 'ecrm_case', ['opened_at', 'id'])
    op.create_index('ix_ecrm_case_order_reference', 'ecrm_case', ['order_reference'])
    op.create_index('ix_ecrm_case_owner_state_next_due', 'ecrm_case', ['owner', 'state', 'next_due'])
    op.create_index('ix_ecrm_case_product', 'ecrm_case', ['product'])
    op.create_index('ix_ecrm_case_satisfied_at', 'ecrm_case', ['satisfied_at'])
    op.create_index('ix_ecrm_case_state_last_message_at_id', 'ecrm_case', ['state', 'last_message_at', 'id'])
    op.create_index('ix_ecrm_case_state_next_due_id', 'ecrm_case', ['state', 'next_due', 'id'])
    op.create_index('ix_ecrm_case_team_id_state_next_due', 'ecrm_case', ['team_id', 'state', 'next_due'])
    op.create_table('ecrm_case_message',
    sa.Column('id', ID, nullable=False),
    sa.Column('case_id', ID, nullable=False),
    sa.Column('direction', sa.String(length=4), nullable=False),
    sa.Column('channel', sa.String(length=10), nullable=False),
    sa.Column('staff_id', sa.String(length=64), nullable=False),
    sa.Column('author_name', sa.String(length=200), nullable=False),
    sa.Column('from_folded', sa.String(length=254), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('quoted', sa.Text(), nullable=False),
    sa.Column('html', sa.Text(), nullable=False),
    sa.Column('message_id', sa.String(length=500), nullable=True),
    sa.Column('in_reply_to', sa.String(length=500), nullable=False),
    sa.Column('automatic', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('email_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['ecrm_case.id'], name=op.f('fk_ecrm_case_message_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_case_message')),
    sa.UniqueConstraint('message_id', name=op.f('uq_ecrm_case_message_message_id'))
    )
    op.create_index('ix_ecrm_case_message_case_id_at_id', 'ecrm_case_message', ['case_id', 'at', 'id'])
    op.create_index('ix_ecrm_case_message_email_id', 'ecrm_case_message', ['email_id'])
    op.create_index('ix_ecrm_case_message_from_folded', 'ecrm_case_message', ['from_folded'])
    op.create_table('ecrm_case_step',
    sa.Column('id', ID, nullable=False),
    sa.Column('case_id', ID, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('staff_id', sa.String(length=64), nullable=False),
    sa.Column('staff_name', sa.String(length=100), nullable=False),
    sa.Column('what', sa.String(length=30), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['ecrm_case.id'], name=op.f('fk_ecrm_case_step_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_case_step'))
    )
    op.create_index('ix_ecrm_case_step_case_id_id', 'ecrm_case_step', ['case_id', 'id'])
    op.create_index('ix_ecrm_case_step_what_at', 'ecrm_case_step', ['what', 'at'])
    op.create_table('ecrm_case_word',
    sa.Column('word', sa.String(length=40).with_variant(sa.String(length=40, collation='C'), 'postgresql'), nullable=False),
    sa.Column('case_id', ID, nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['ecrm_case.id'], name=op.f('fk_ecrm_case_word_case_id')),
    sa.PrimaryKeyConstraint('word', 'case_id', name=op.f('pk_ecrm_case_word'))
    )
    op.create_index('ix_ecrm_case_word_case_id', 'ecrm_case_word', ['case_id'])
    op.create_table('ecrm_case_attachment',
    sa.Column('id', ID, nullable=False),
    sa.Column('message_id', ID, nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('content_type', sa.String(length=100), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['ecrm_case_message.id'], name=op.f('fk_ecrm_case_attachment_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_case_attachment'))
    )
    op.create_index('ix_ecrm_case_attachment_digest', 'ecrm_case_attachment', ['digest'])
    op.create_index('ix_ecrm_case_attachment_message_id', 'ecrm_case_attachment', ['message_id'])


def downgrade() -> None:
    op.drop_table('ecrm_case_attachment')
    op.drop_table('ecrm_case_word')
    op.drop_table('ecrm_case_step')
    op.drop_table('ecrm_case_message')
    op.drop_table('ecrm_case')
    op.drop_table('ecrm_agent')
    op.drop_table('ecrm_team')
    op.drop_table('ecrm_attachment_content')
