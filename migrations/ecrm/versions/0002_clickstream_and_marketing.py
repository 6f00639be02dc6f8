"""Clickstream and marketing: dimensions, roll-ups, archive, campaigns, costs, credits, experiments, write keys."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ecrm_archived_part',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('file', sa.String(length=100), nullable=False),
    sa.Column('first_id', sa.BigInteger(), nullable=False),
    sa.Column('last_id', sa.BigInteger(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_archived_part')),
    sa.UniqueConstraint('file', name=op.f('uq_ecrm_archived_part_file'))
    )
    with op.batch_alter_table('ecrm_archived_part', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_archived_part_day'), ['day'], unique=False)

    op.create_table('ecrm_audience',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source_id', sa.Integer(), nullable=False),
    sa.Column('device', sa.String(length=10), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('is_returning', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_audience'))
    )
    with op.batch_alter_table('ecrm_audience', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_audience_source_id_device_country_is_returning'), ['source_id', 'device', 'country', 'is_returning'], unique=True)

    op.create_table('ecrm_audience_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('audience_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('sessions', sa.Integer(), nullable=False),
    sa.Column('simulated_sessions', sa.Integer(), nullable=False),
    sa.Column('bounces', sa.Integer(), nullable=False),
    sa.Column('page_views', sa.Integer(), nullable=False),
    sa.Column('product_views', sa.Integer(), nullable=False),
    sa.Column('searches', sa.Integer(), nullable=False),
    sa.Column('cart_adds', sa.Integer(), nullable=False),
    sa.Column('checkouts', sa.Integer(), nullable=False),
    sa.Column('orders', sa.Integer(), nullable=False),
    sa.Column('seconds', sa.BigInteger(), nullable=False),
    sa.Column('stage_1', sa.Integer(), nullable=False),
    sa.Column('stage_2', sa.Integer(), nullable=False),
    sa.Column('stage_3', sa.Integer(), nullable=False),
    sa.Column('stage_4', sa.Integer(), nullable=False),
    sa.Column('revenue_minor', sa.BigInteger(), nullable=False),
    sa.Column('refunds_minor', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'audience_id', name=op.f('pk_ecrm_audience_day'))
    )
    op.create_table('ecrm_bot_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('views', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'name', name=op.f('pk_ecrm_bot_day'))
    )
    op.create_table('ecrm_campaign',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=100), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=True),
    sa.Column('budget_minor', sa.BigInteger(), nullable=True),
    sa.Column('reached', sa.Integer(), nullable=True),
    sa.Column('vanity', sa.String(length=60), nullable=True),
    sa.Column('landing_path', sa.String(length=300), nullable=False),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_campaign')),
    sa.UniqueConstraint('code', name=op.f('uq_ecrm_campaign_code')),
    sa.UniqueConstraint('vanity', name=op.f('uq_ecrm_campaign_vanity'))
    )
    op.create_table('ecrm_channel_weight',
    sa.Column('channel', sa.String(length=120), nullable=False),
    sa.Column('weight_ppm', sa.Integer(), nullable=False),
    sa.Column('learnt_on', sa.Date(), nullable=False),
    sa.Column('paths', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('channel', name=op.f('pk_ecrm_channel_weight'))
    )
    op.create_table('ecrm_cohort_month',
    sa.Column('cohort', sa.Date(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('customers', sa.Integer(), nullable=False),
    sa.Column('orders', sa.Integer(), nullable=False),
    sa.Column('revenue_minor', sa.BigInteger(), nullable=False),
    sa.Column('refunds_minor', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('cohort', 'month', name=op.f('pk_ecrm_cohort_month'))
    )
    op.create_table('ecrm_credit_day',
    sa.Column('model', sa.String(length=20), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('source_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('orders_ppm', sa.BigInteger(), nullable=False),
    sa.Column('new_customers_ppm', sa.BigInteger(), nullable=False),
    sa.Column('revenue_minor', sa.BigInteger(), nullable=False),
    sa.Column('refunds_minor', sa.BigInteger(), nullable=False),
    sa.Column('costed_minor', sa.BigInteger(), nullable=False),
    sa.Column('cost_minor', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('model', 'day', 'source_id', name=op.f('pk_ecrm_credit_day'))
    )
    op.create_table('ecrm_dropped_file',
    sa.Column('file', sa.String(length=100), nullable=False),
    sa.Column('dropped_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('file', name=op.f('pk_ecrm_dropped_file'))
    )
    op.create_table('ecrm_experiment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=False),
    sa.Column('unit', sa.String(length=10), nullable=False),
    sa.Column('salt', sa.String(length=32), nullable=False),
    sa.Column('control_percent', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_experiment')),
    sa.UniqueConstraint('salt', name=op.f('uq_ecrm_experiment_salt'))
    )
    with op.batch_alter_table('ecrm_experiment', schema=None) as batch_op:
        batch_op.create_index('ix_ecrm_experiment_running', ['subject'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_ecrm_experiment_subject'), ['subject'], unique=False)

    op.create_table('ecrm_forgotten_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_ecrm_forgotten_day'))
    )
    op.create_table('ecrm_goods_cost',
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('unit_minor', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('product', 'since', name=op.f('pk_ecrm_goods_cost'))
    )
    op.create_table('ecrm_inbox',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('messages', sa.Integer(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('problem', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_inbox'))
    )
    op.create_table('ecrm_note',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('text', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_ecrm_note'))
    )
    op.create_table('ecrm_page',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('path', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_page')),
    sa.UniqueConstraint('path', name=op.f('uq_ecrm_page_path'))
    )
    op.create_table('ecrm_page_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('page_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('views', sa.Integer(), nullable=False),
    sa.Column('engagements', sa.Integer(), nullable=False),
    sa.Column('seconds', sa.BigInteger(), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('bounces', sa.Integer(), nullable=False),
    sa.Column('entry_product_views', sa.Integer(), nullable=False),
    sa.Column('entry_cart_adds', sa.Integer(), nullable=False),
    sa.Column('entry_orders', sa.Integer(), nullable=False),
    sa.Column('entry_revenue_minor', sa.BigInteger(), nullable=False),
    sa.Column('entry_refunds_minor', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'page_id', name=op.f('pk_ecrm_page_day'))
    )
    op.create_table('ecrm_product_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('product_key_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('impressions', sa.Integer(), nullable=False),
    sa.Column('views', sa.Integer(), nullable=False),
    sa.Column('cart_adds', sa.Integer(), nullable=False),
    sa.Column('cart_removals', sa.Integer(), nullable=False),
    sa.Column('order_lines', sa.Integer(), nullable=False),
    sa.Column('units', sa.BigInteger(), nullable=False),
    sa.Column('revenue_minor', sa.BigInteger(), nullable=False),
    sa.Column('returned_units', sa.BigInteger(), nullable=False),
    sa.Column('refunds_minor', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'product_key_id', name=op.f('pk_ecrm_product_day'))
    )
    op.create_table('ecrm_product_key',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_product_key')),
    sa.UniqueConstraint('product', name=op.f('uq_ecrm_product_key_product'))
    )
    op.create_table('ecrm_refinement_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('term_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('next_term_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'term_id', 'next_term_id', name=op.f('pk_ecrm_refinement_day'))
    )
    op.create_table('ecrm_search_report_day',
    sa.Column('engine', sa.String(length=20), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('term', sa.String(length=100), nullable=False),
    sa.Column('campaign', sa.String(length=100), nullable=False),
    sa.Column('clicks', sa.Integer(), nullable=False),
    sa.Column('impressions', sa.Integer(), nullable=False),
    sa.Column('cost_minor', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('engine', 'kind', 'day', 'term', 'campaign', name=op.f('pk_ecrm_search_report_day'))
    )
    op.create_table('ecrm_sheet',
    sa.Column('family', sa.String(length=30), nullable=False),
    sa.Column('grain', sa.String(length=5), nullable=False),
    sa.Column('first', sa.Date(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('columns', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('family', 'grain', 'first', name=op.f('pk_ecrm_sheet'))
    )
    op.create_table('ecrm_source',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('source', sa.String(length=100), nullable=False),
    sa.Column('medium', sa.String(length=100), nullable=False),
    sa.Column('campaign', sa.String(length=100), nullable=False),
    sa.Column('term', sa.String(length=100), nullable=False),
    sa.Column('content', sa.String(length=100), nullable=False),
    sa.Column('click_id', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_source'))
    )
    with op.batch_alter_table('ecrm_source', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_source_campaign'), ['campaign'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_source_channel_source_medium_campaign_term_content_click_id'), ['channel', 'source', 'medium', 'campaign', 'term', 'content', 'click_id'], unique=True)

    op.create_table('ecrm_term',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('term', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_term')),
    sa.UniqueConstraint('term', name=op.f('uq_ecrm_term_term'))
    )
    op.create_table('ecrm_term_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('term_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('searches', sa.Integer(), nullable=False),
    sa.Column('zero_results', sa.Integer(), nullable=False),
    sa.Column('clicks', sa.Integer(), nullable=False),
    sa.Column('position_sum', sa.BigInteger(), nullable=False),
    sa.Column('cart_adds', sa.Integer(), nullable=False),
    sa.Column('orders', sa.Integer(), nullable=False),
    sa.Column('revenue_minor', sa.BigInteger(), nullable=False),
    sa.Column('refunds_minor', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'term_id', name=op.f('pk_ecrm_term_day'))
    )
    op.create_table('ecrm_timing_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('page_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('bucket', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('views', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'page_id', 'bucket', name=op.f('pk_ecrm_timing_day'))
    )
    op.create_table('ecrm_upload',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('token', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('uploaded_by', sa.String(length=100), nullable=False),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('summary', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_upload')),
    sa.UniqueConstraint('token', name=op.f('uq_ecrm_upload_token'))
    )
    op.create_table('ecrm_write_key',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=100), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_write_key')),
    sa.UniqueConstraint('key', name=op.f('uq_ecrm_write_key_key'))
    )
    op.create_table('ecrm_campaign_code',
    sa.Column('code', sa.String(length=100), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['ecrm_campaign.id'], name=op.f('fk_ecrm_campaign_code_campaign_id')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_ecrm_campaign_code'))
    )
    with op.batch_alter_table('ecrm_campaign_code', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_campaign_code_campaign_id'), ['campaign_id'], unique=False)

    op.create_table('ecrm_cost_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('clicks', sa.Integer(), nullable=True),
    sa.Column('impressions', sa.Integer(), nullable=True),
    sa.Column('origin', sa.String(length=20), nullable=False),
    sa.Column('reference', sa.String(length=200), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('entered_by', sa.String(length=100), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['ecrm_campaign.id'], name=op.f('fk_ecrm_cost_entry_campaign_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_cost_entry')),
    sa.UniqueConstraint('reference', name=op.f('uq_ecrm_cost_entry_reference'))
    )
    with op.batch_alter_table('ecrm_cost_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_cost_entry_campaign_id_day'), ['campaign_id', 'day'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_cost_entry_day'), ['day'], unique=False)

    op.create_table('ecrm_exposure',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('experiment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('control', sa.Boolean(), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['experiment_id'], ['ecrm_experiment.id'], name=op.f('fk_ecrm_exposure_experiment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_exposure'))
    )
    with op.batch_alter_table('ecrm_exposure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_exposure_experiment_id_unit_id'), ['experiment_id', 'unit_id'], unique=True)

    op.create_table('ecrm_write_key_day',
    sa.Column('key_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('accepted', sa.Integer(), nullable=False),
    sa.Column('refused', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['key_id'], ['ecrm_write_key.id'], name=op.f('fk_ecrm_write_key_day_key_id')),
    sa.PrimaryKeyConstraint('key_id', 'day', name=op.f('pk_ecrm_write_key_day'))
    )
    op.create_table('ecrm_claim_change',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('claim_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stands', sa.Boolean(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(length=100), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['claim_id'], ['ecrm_visitor_claim.id'], name=op.f('fk_ecrm_claim_change_claim_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_claim_change'))
    )
    with op.batch_alter_table('ecrm_claim_change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_claim_change_claim_id'), ['claim_id'], unique=False)

    op.create_table('ecrm_search_click',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('session_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('term_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product_key_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('searched_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('added', sa.Boolean(), nullable=False),
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('revenue_minor', sa.BigInteger(), nullable=False),
    sa.Column('refunds_minor', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['ecrm_order.id'], name=op.f('fk_ecrm_search_click_order_id')),
    sa.ForeignKeyConstraint(['product_key_id'], ['ecrm_product_key.id'], name=op.f('fk_ecrm_search_click_product_key_id')),
    sa.ForeignKeyConstraint(['session_id'], ['ecrm_session.id'], name=op.f('fk_ecrm_search_click_session_id')),
    sa.ForeignKeyConstraint(['term_id'], ['ecrm_term.id'], name=op.f('fk_ecrm_search_click_term_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_search_click'))
    )
    with op.batch_alter_table('ecrm_search_click', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_search_click_order_id'), ['order_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_search_click_product_key_id_searched_at'), ['product_key_id', 'searched_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_search_click_session_id_term_id_product_key_id'), ['session_id', 'term_id', 'product_key_id'], unique=True)
        batch_op.create_index(batch_op.f('ix_ecrm_search_click_term_id_searched_at'), ['term_id', 'searched_at'], unique=False)

    op.create_table('ecrm_touchpoint',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('visitor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('session_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_touchpoint_customer_id')),
    sa.ForeignKeyConstraint(['order_id'], ['ecrm_order.id'], name=op.f('fk_ecrm_touchpoint_order_id')),
    sa.ForeignKeyConstraint(['session_id'], ['ecrm_session.id'], name=op.f('fk_ecrm_touchpoint_session_id')),
    sa.ForeignKeyConstraint(['source_id'], ['ecrm_source.id'], name=op.f('fk_ecrm_touchpoint_source_id')),
    sa.ForeignKeyConstraint(['visitor_id'], ['ecrm_visitor.id'], name=op.f('fk_ecrm_touchpoint_visitor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_touchpoint'))
    )
    with op.batch_alter_table('ecrm_touchpoint', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_touchpoint_customer_id_at'), ['customer_id', 'at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_touchpoint_order_id_source_id'), ['order_id', 'source_id'], unique=True)
        batch_op.create_index(batch_op.f('ix_ecrm_touchpoint_session_id'), ['session_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_touchpoint_source_id_at'), ['source_id', 'at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_touchpoint_visitor_id_at'), ['visitor_id', 'at'], unique=False)

    op.create_table('ecrm_credit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=6), nullable=False),
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('refund_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('models', sa.Integer(), nullable=False),
    sa.Column('touchpoint_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('why', sa.String(length=20), nullable=False),
    sa.Column('share_ppm', sa.Integer(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('costed_minor', sa.BigInteger(), nullable=False),
    sa.Column('cost_minor', sa.BigInteger(), nullable=False),
    sa.Column('new_customer', sa.Boolean(), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['ecrm_order.id'], name=op.f('fk_ecrm_credit_order_id')),
    sa.ForeignKeyConstraint(['refund_id'], ['ecrm_refund.id'], name=op.f('fk_ecrm_credit_refund_id')),
    sa.ForeignKeyConstraint(['source_id'], ['ecrm_source.id'], name=op.f('fk_ecrm_credit_source_id')),
    sa.ForeignKeyConstraint(['touchpoint_id'], ['ecrm_touchpoint.id'], name=op.f('fk_ecrm_credit_touchpoint_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_credit'))
    )
    op.create_table('ecrm_credit_due',
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['ecrm_order.id'], name=op.f('fk_ecrm_credit_due_order_id_ecrm_order')),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_ecrm_credit_due'))
    )
    with op.batch_alter_table('ecrm_credit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_credit_day'), ['day'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_credit_order_id'), ['order_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_credit_refund_id'), ['refund_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_credit_source_id_day'), ['source_id', 'day'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_credit_touchpoint_id'), ['touchpoint_id'], unique=False)

    op.create_table('ecrm_refund_line',
    sa.Column('refund_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['refund_id'], ['ecrm_refund.id'], name=op.f('fk_ecrm_refund_line_refund_id')),
    sa.PrimaryKeyConstraint('refund_id', 'position', name=op.f('pk_ecrm_refund_line'))
    )
    with op.batch_alter_table('ecrm_refund_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_refund_line_product'), ['product'], unique=False)

    with op.batch_alter_table('ecrm_day_figures', schema=None) as batch_op:
        batch_op.add_column(sa.Column('visitors', sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column('new_customers', sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column('new_revenue_minor', sa.BigInteger(), nullable=False, server_default="0"))

    _message_id_may_be_missing()
    with op.batch_alter_table('ecrm_order', schema=None) as batch_op:
        batch_op.add_column(sa.Column('is_first', sa.Boolean(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column('codes', sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column('heard_from', sa.String(length=100), nullable=False, server_default=""))
        batch_op.add_column(sa.Column('joined', sa.Boolean(), nullable=False, server_default="0"))

    with op.batch_alter_table('ecrm_order_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('cost_minor', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('cost_filled', sa.Boolean(), nullable=False, server_default="0"))

    with op.batch_alter_table('ecrm_session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('checkouts', sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column('revenue_minor', sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column('refunds_minor', sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column('seconds', sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column('stage', sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column('bounced', sa.Boolean(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column('day', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('audience_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('entry_page_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('customer_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('grade', sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_index(batch_op.f('ix_ecrm_session_audience_id_day'), ['audience_id', 'day'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_session_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_session_day'), ['day'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_session_entry_page_id_day'), ['entry_page_id', 'day'], unique=False)

    _keep_searches()
    _keep_grades()
    _name_the_database()
    _owe_catching_up()
    op.drop_table('ecrm_search_day')


def downgrade() -> None:
    _search_days_again()
    with op.batch_alter_table('ecrm_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_session_entry_page_id_day'))
        batch_op.drop_index(batch_op.f('ix_ecrm_session_day'))
        batch_op.drop_index(batch_op.f('ix_ecrm_session_customer_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_session_audience_id_day'))
        batch_op.drop_column('grade')
        batch_op.drop_column('customer_id')
        batch_op.drop_column('entry_page_id')
        batch_op.drop_column('audience_id')
        batch_op.drop_column('day')
        batch_op.drop_column('bounced')
        batch_op.drop_column('stage')
        batch_op.drop_column('seconds')
        batch_op.drop_column('refunds_minor')
        batch_op.drop_column('revenue_minor')
        batch_op.drop_column('checkouts')

    with op.batch_alter_table('ecrm_order_line', schema=None) as batch_op:
        batch_op.drop_column('cost_filled')
        batch_op.drop_column('cost_minor')

    with op.batch_alter_table('ecrm_order', schema=None) as batch_op:
        batch_op.drop_column('joined')
        batch_op.drop_column('heard_from')
        batch_op.drop_column('codes')
        batch_op.drop_column('is_first')

    with op.batch_alter_table('ecrm_day_figures', schema=None) as batch_op:
        batch_op.drop_column('new_revenue_minor')
        batch_op.drop_column('new_customers')
        batch_op.drop_column('visitors')

    with op.batch_alter_table('ecrm_refund_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_refund_line_product'))

    op.drop_table('ecrm_refund_line')
    with op.batch_alter_table('ecrm_credit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_credit_touchpoint_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_credit_source_id_day'))
        batch_op.drop_index(batch_op.f('ix_ecrm_credit_refund_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_credit_order_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_credit_day'))

    op.drop_table('ecrm_credit')
    op.drop_table('ecrm_credit_due')
    with op.batch_alter_table('ecrm_touchpoint', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_touchpoint_visitor_id_at'))
        batch_op.drop_index(batch_op.f('ix_ecrm_touchpoint_source_id_at'))
        batch_op.drop_index(batch_op.f('ix_ecrm_touchpoint_session_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_touchpoint_order_id_source_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_touchpoint_customer_id_at'))

    op.drop_table('ecrm_touchpoint')
    with op.batch_alter_table('ecrm_search_click', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_search_click_term_id_searched_at'))
        batch_op.drop_index(batch_op.f('ix_ecrm_search_click_session_id_term_id_product_key_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_search_click_product_key_id_searched_at'))
        batch_op.drop_index(batch_op.f('ix_ecrm_search_click_order_id'))

    op.drop_table('ecrm_search_click')
    with op.batch_alter_table('ecrm_claim_change', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_claim_change_claim_id'))

    op.drop_table('ecrm_claim_change')
    op.drop_table('ecrm_write_key_day')
    with op.batch_alter_table('ecrm_exposure', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_exposure_experiment_id_unit_id'))

    op.drop_table('ecrm_exposure')
    with op.batch_alter_table('ecrm_cost_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_cost_entry_day'))
        batch_op.drop_index(batch_op.f('ix_ecrm_cost_entry_campaign_id_day'))

    op.drop_table('ecrm_cost_entry')
    with op.batch_alter_table('ecrm_campaign_code', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_campaign_code_campaign_id'))

    op.drop_table('ecrm_campaign_code')
    op.drop_table('ecrm_write_key')
    op.drop_table('ecrm_upload')
    op.drop_table('ecrm_timing_day')
    op.drop_table('ecrm_term_day')
    op.drop_table('ecrm_term')
    with op.batch_alter_table('ecrm_source', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_source_channel_source_medium_campaign_term_content_click_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_source_campaign'))

    op.drop_table('ecrm_source')
    op.drop_table('ecrm_sheet')
    op.drop_table('ecrm_search_report_day')
    op.drop_table('ecrm_refinement_day')
    op.drop_table('ecrm_product_key')
    op.drop_table('ecrm_product_day')
    op.drop_table('ecrm_page_day')
    op.drop_table('ecrm_page')
    op.drop_table('ecrm_note')
    op.drop_table('ecrm_inbox')
    op.drop_table('ecrm_goods_cost')
    op.drop_table('ecrm_forgotten_day')
    with op.batch_alter_table('ecrm_experiment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_experiment_subject'))
        batch_op.drop_index('ix_ecrm_experiment_running', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.drop_table('ecrm_experiment')
    op.drop_table('ecrm_dropped_file')
    op.drop_table('ecrm_credit_day')
    op.drop_table('ecrm_cohort_month')
    op.drop_table('ecrm_channel_weight')
    op.drop_table('ecrm_campaign')
    op.drop_table('ecrm_bot_day')
    op.drop_table('ecrm_audience_day')
    with op.batch_alter_table('ecrm_audience', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_audience_source_id_device_country_is_returning'))

    op.drop_table('ecrm_audience')
    with op.batch_alter_table('ecrm_archived_part', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_archived_part_day'))

    op.drop_table('ecrm_archived_part')


def _message_id_may_be_missing() -> None:
    """SQLite can't take NOT NULL off a column, and rebuilding a table that others refer to needs foreign keys off.

    So its own text is changed, as https://www.sqlite.org/lang_altertable.html describes for exactly this.
    """
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.alter_column("ecrm_event", "message_id", existing_type=sa.String(length=100), nullable=True)
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar()
    bind.exec_driver_sql("PRAGMA writable_schema=ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, 'message_id VARCHAR(100) NOT NULL', 'message_id VARCHAR(100)') "
        "WHERE type = 'table' AND name = 'ecrm_event'"
    )
    bind.exec_driver_sql(f"PRAGMA schema_version={int(version or 0) + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema=OFF")


def _keep_searches() -> None:
    """What was counted of searches so far moves into the new tables."""
    op.execute("INSERT INTO ecrm_term (term) SELECT DISTINCT term FROM ecrm_search_day")
    op.execute(
        "INSERT INTO ecrm_term_day (day, term_id, searches, zero_results, clicks, position_sum, cart_adds, orders, "
        "revenue_minor, refunds_minor) SELECT s.day, t.id, s.searches, s.zero_results, 0, 0, 0, 0, 0, 0 "
        "FROM ecrm_search_day s JOIN ecrm_term t ON t.term = s.term"
    )


def _keep_grades() -> None:
    """A browser that never agreed to less than being joined made all its visits so; of the others it isn't known."""
    op.execute(
        "UPDATE ecrm_session SET grade = 2 WHERE simulated OR visitor_id IN (SELECT visitor_id FROM "
        "ecrm_consent_choice WHERE visitor_id IS NOT NULL GROUP BY visitor_id HAVING min(grade) = 2)"
    )


def _name_the_database() -> None:
    """A random name, by which the archive's folder knows whose it is (`tracking/notes.py`)."""
    op.execute(f"INSERT INTO ecrm_note (name, text) VALUES ('database', '{secrets.token_hex(16)}')")  # noqa: S608


def _owe_catching_up() -> None:
    """What only the application can work out of the rows of before (`ecrm/catching_up.py`), where there are any."""
    for part, table in (
        ("visits", "ecrm_session"), ("refunds", "ecrm_refund"), ("figures", "ecrm_event"), ("figures", "ecrm_order"),
        ("cohorts", "ecrm_order"), ("credits", "ecrm_order"),
    ):  # fmt: skip
        op.execute(  # names are those above
            f"INSERT INTO ecrm_note (name, text) SELECT 'owed: {part}', '' WHERE EXISTS (SELECT 1 FROM {table}) "  # noqa: S608
            f"AND NOT EXISTS (SELECT 1 FROM ecrm_note WHERE name = 'owed: {part}')"
        )


def _search_days_again() -> None:
    op.create_table(
        "ecrm_search_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("term", sa.String(length=100), nullable=False),
        sa.Column("searches", sa.Integer(), nullable=False),
        sa.Column("zero_results", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "term", name=op.f("pk_ecrm_search_day")),
    )
    op.execute(
        "INSERT INTO ecrm_search_day (day, term, searches, zero_results) SELECT d.day, t.term, d.searches, "
        "d.zero_results FROM ecrm_term_day d JOIN ecrm_term t ON t.id = d.term_id"
    )
