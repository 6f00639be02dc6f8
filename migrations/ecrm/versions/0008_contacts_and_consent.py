"""Contacts with what they agreed to, the suppression list, and marketing in the outbox."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
ADDED = (
    sa.Column('contact_id', sa.BigInteger(), nullable=True),
    sa.Column('topic', sa.String(length=20), nullable=False, server_default=''),
    sa.Column('source', sa.String(length=60), nullable=False, server_default=''),
    sa.Column('mailing_id', sa.BigInteger(), nullable=True),
    sa.Column('entry_id', sa.BigInteger(), nullable=True),
    sa.Column('step', sa.Integer(), nullable=False, server_default='0'),
    sa.Column('variant', sa.String(length=20), nullable=False, server_default=''),
    sa.Column('priority', sa.Integer(), nullable=False, server_default='0'),
    sa.Column('content', sa.JSON(), nullable=False, server_default='{}'),
    sa.Column('claimed_by', sa.String(length=40), nullable=False, server_default=''),
    sa.Column('handed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False, server_default=''),
)
INDEXES = {
    'ix_ecrm_email_contact_id_transactional_sent_at': ['contact_id', 'transactional', 'sent_at'],
    'ix_ecrm_email_entry_id': ['entry_id'],
    'ix_ecrm_email_source_state': ['source', 'state'],
    'ix_ecrm_email_stream': ['state', 'transactional', 'priority', 'due_at'],
}


def upgrade() -> None:
    op.create_table('ecrm_contact',
    sa.Column('id', ID, nullable=False),
    sa.Column('folded', sa.String(length=254), nullable=True),
    sa.Column('address', sa.String(length=254), nullable=False),
    sa.Column('customer_id', ID, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tracking_allowed', sa.Boolean(), nullable=False),
    sa.Column('blocked', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_contact_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_contact')),
    sa.UniqueConstraint('folded', name=op.f('uq_ecrm_contact_folded')),
    )
    op.create_index('ix_ecrm_contact_customer_id', 'ecrm_contact', ['customer_id'])
    op.create_table('ecrm_subscription',
    sa.Column('contact_id', ID, nullable=False),
    sa.Column('topic', sa.String(length=20), nullable=False),
    sa.Column('wanted', sa.Boolean(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['ecrm_contact.id'], name=op.f('fk_ecrm_subscription_contact_id')),
    sa.PrimaryKeyConstraint('contact_id', 'topic', name=op.f('pk_ecrm_subscription')),
    )
    op.create_index('ix_ecrm_subscription_topic_wanted', 'ecrm_subscription', ['topic', 'wanted'])
    op.create_table('ecrm_consent_entry',
    sa.Column('id', ID, nullable=False),
    sa.Column('contact_id', ID, nullable=False),
    sa.Column('topic', sa.String(length=20), nullable=False),
    sa.Column('given', sa.Boolean(), nullable=False),
    sa.Column('how', sa.String(length=40), nullable=False),
    sa.Column('wording', sa.String(length=300), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=100), nullable=False),
    sa.Column('proof', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['ecrm_contact.id'], name=op.f('fk_ecrm_consent_entry_contact_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_consent_entry')),
    )
    op.create_index('ix_ecrm_consent_entry_contact_id_at', 'ecrm_consent_entry', ['contact_id', 'at'])
    op.create_table('ecrm_suppression',
    sa.Column('id', ID, nullable=False),
    sa.Column('contact_id', ID, nullable=True),
    sa.Column('address_hash', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=20), nullable=False),
    sa.Column('scope', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['ecrm_contact.id'], name=op.f('fk_ecrm_suppression_contact_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_suppression')),
    )
    op.create_index('ix_ecrm_suppression_contact_id', 'ecrm_suppression', ['contact_id'])
    op.create_index('ix_ecrm_suppression_address_hash', 'ecrm_suppression', ['address_hash'])
    # Added one by one with defaults that stay: rebuilding the table on SQLite would copy all e-mails.
    for column in ADDED:
        op.add_column('ecrm_email', column._copy())
    for name, columns in INDEXES.items():
        op.create_index(name, 'ecrm_email', columns)


def downgrade() -> None:
    for name in reversed(INDEXES):
        op.drop_index(name, table_name='ecrm_email')
    with op.batch_alter_table('ecrm_email', schema=None) as batch_op:
        for column in reversed(ADDED):
            batch_op.drop_column(column.name)
    for table in ('ecrm_suppression', 'ecrm_consent_entry', 'ecrm_subscription', 'ecrm_contact'):
        op.drop_table(table)
