"""Requests to be written to, what mail servers report back, and pauses of marketing."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0014'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ecrm_consent_request',
    sa.Column('id', ID, nullable=False),
    sa.Column('contact_id', ID, nullable=False),
    sa.Column('topics', sa.JSON(), nullable=False),
    sa.Column('tracking', sa.Boolean(), nullable=False),
    sa.Column('wording', sa.String(length=300), nullable=False),
    sa.Column('how', sa.String(length=40), nullable=False),
    sa.Column('about', sa.JSON(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['ecrm_contact.id'], name=op.f('fk_ecrm_consent_request_contact_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_consent_request'))
    )
    op.create_index(op.f('ix_ecrm_consent_request_contact_id_asked_at'), 'ecrm_consent_request', ['contact_id', 'asked_at'])
    op.create_index(op.f('ix_ecrm_consent_request_asked_at'), 'ecrm_consent_request', ['asked_at'])
    op.create_table('ecrm_mail_report',
    sa.Column('id', ID, nullable=False),
    sa.Column('dedup_key', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('email_id', ID, nullable=True),
    sa.Column('contact_id', ID, nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('diagnostic', sa.String(length=300), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['ecrm_contact.id'], name=op.f('fk_ecrm_mail_report_contact_id')),
    sa.ForeignKeyConstraint(['email_id'], ['ecrm_email.id'], name=op.f('fk_ecrm_mail_report_email_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_mail_report')),
    sa.UniqueConstraint('dedup_key', name=op.f('uq_ecrm_mail_report_dedup_key'))
    )
    op.create_index(op.f('ix_ecrm_mail_report_contact_id_kind_at'), 'ecrm_mail_report', ['contact_id', 'kind', 'at'])
    op.create_index(op.f('ix_ecrm_mail_report_kind_at'), 'ecrm_mail_report', ['kind', 'at'])
    op.create_index(op.f('ix_ecrm_mail_report_email_id'), 'ecrm_mail_report', ['email_id'])
    op.create_table('ecrm_mail_pause',
    sa.Column('id', ID, nullable=False),
    sa.Column('what', sa.String(length=60), nullable=False),
    sa.Column('standing', sa.String(length=60), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('released_by', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_mail_pause')),
    sa.UniqueConstraint('standing', name=op.f('uq_ecrm_mail_pause_standing'))
    )


def downgrade() -> None:
    for table in ('ecrm_mail_pause', 'ecrm_mail_report', 'ecrm_consent_request'):
        op.drop_table(table)
