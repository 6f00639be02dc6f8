"""Audience and measuring: segments, lists, RFM and CLV, labels of products, clicks and openings of e-mails."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ecrm_contact_list',
    sa.Column('id', ID, nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=100), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_contact_list')),
    sa.UniqueConstraint('name', name=op.f('uq_ecrm_contact_list_name'))
    )
    op.create_table('ecrm_product_label',
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('brand', sa.String(length=100), nullable=False),
    sa.Column('category', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('product', name=op.f('pk_ecrm_product_label'))
    )
    op.create_index(op.f('ix_ecrm_product_label_brand'), 'ecrm_product_label', ['brand'])
    op.create_index(op.f('ix_ecrm_product_label_category'), 'ecrm_product_label', ['category'])
    op.create_table('ecrm_segment',
    sa.Column('id', ID, nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('rules', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(length=100), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_segment')),
    sa.UniqueConstraint('name', name=op.f('uq_ecrm_segment_name'))
    )
    op.create_table('ecrm_worth_run',
    sa.Column('id', ID, nullable=False),
    sa.Column('as_of', sa.DateTime(timezone=True), nullable=False),
    sa.Column('customers', sa.Integer(), nullable=False),
    sa.Column('model', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_worth_run'))
    )
    op.create_table('ecrm_worth',
    sa.Column('customer_id', ID, autoincrement=False, nullable=False),
    sa.Column('orders', sa.Integer(), nullable=False),
    sa.Column('net_minor', sa.BigInteger(), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recency', sa.Integer(), nullable=False),
    sa.Column('frequency', sa.Integer(), nullable=False),
    sa.Column('monetary', sa.Integer(), nullable=False),
    sa.Column('rfm_group', sa.String(length=20), nullable=False),
    sa.Column('clv_minor', sa.BigInteger(), nullable=True),
    sa.Column('clv_low_minor', sa.BigInteger(), nullable=True),
    sa.Column('clv_high_minor', sa.BigInteger(), nullable=True),
    sa.Column('alive_ppm', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_worth_customer_id')),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_ecrm_worth'))
    )
    op.create_index(op.f('ix_ecrm_worth_clv_minor'), 'ecrm_worth', ['clv_minor'])
    op.create_index(op.f('ix_ecrm_worth_rfm_group'), 'ecrm_worth', ['rfm_group'])
    op.create_table('ecrm_engagement',
    sa.Column('id', ID, nullable=False),
    sa.Column('email_id', ID, nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=True),
    sa.Column('deed', sa.String(length=5), nullable=False),
    sa.Column('link', sa.String(length=200), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('machine', sa.String(length=12), nullable=False),
    sa.ForeignKeyConstraint(['email_id'], ['ecrm_email.id'], name=op.f('fk_ecrm_engagement_email_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_engagement'))
    )
    op.create_index(op.f('ix_ecrm_engagement_at'), 'ecrm_engagement', ['at'])
    op.create_index(op.f('ix_ecrm_engagement_contact_id_at'), 'ecrm_engagement', ['contact_id', 'at'])
    op.create_index(op.f('ix_ecrm_engagement_email_id_deed_link_day_machine'), 'ecrm_engagement', ['email_id', 'deed', 'link', 'day', 'machine'], unique=True)
    op.create_table('ecrm_list_member',
    sa.Column('list_id', ID, nullable=False),
    sa.Column('contact_id', ID, nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['ecrm_contact.id'], name=op.f('fk_ecrm_list_member_contact_id')),
    sa.ForeignKeyConstraint(['list_id'], ['ecrm_contact_list.id'], name=op.f('fk_ecrm_list_member_list_id')),
    sa.PrimaryKeyConstraint('list_id', 'contact_id', name=op.f('pk_ecrm_list_member'))
    )
    op.create_index(op.f('ix_ecrm_list_member_contact_id'), 'ecrm_list_member', ['contact_id'])


def downgrade() -> None:
    for table in ('ecrm_list_member', 'ecrm_engagement', 'ecrm_worth', 'ecrm_worth_run', 'ecrm_segment', 'ecrm_product_label', 'ecrm_contact_list'):
        op.drop_table(table)
