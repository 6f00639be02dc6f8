"""The CRM's first tables."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ecrm_audit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('staff_id', sa.String(length=64), nullable=False),
    sa.Column('staff_name', sa.String(length=100), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_audit'))
    )
    with op.batch_alter_table('ecrm_audit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_audit_subject_at'), ['subject', 'at'], unique=False)

    op.create_table('ecrm_customer',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reference', sa.String(length=64), nullable=True),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('email_folded', sa.String(length=254), nullable=False),
    sa.Column('first_name', sa.String(length=100), nullable=False),
    sa.Column('last_name', sa.String(length=100), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('traits', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_customer')),
    sa.UniqueConstraint('reference', name=op.f('uq_ecrm_customer_reference'))
    )
    with op.batch_alter_table('ecrm_customer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_customer_email_folded'), ['email_folded'], unique=False)

    op.create_table('ecrm_day_figures',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('page_views', sa.Integer(), nullable=False),
    sa.Column('sessions', sa.Integer(), nullable=False),
    sa.Column('simulated_sessions', sa.Integer(), nullable=False),
    sa.Column('product_views', sa.Integer(), nullable=False),
    sa.Column('searches', sa.Integer(), nullable=False),
    sa.Column('cart_adds', sa.Integer(), nullable=False),
    sa.Column('checkouts', sa.Integer(), nullable=False),
    sa.Column('registrations', sa.Integer(), nullable=False),
    sa.Column('orders', sa.Integer(), nullable=False),
    sa.Column('visit_orders', sa.Integer(), nullable=False),
    sa.Column('revenue_minor', sa.BigInteger(), nullable=False),
    sa.Column('refunds_minor', sa.BigInteger(), nullable=False),
    sa.Column('bot_views', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_ecrm_day_figures'))
    )
    op.create_table('ecrm_job_run',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('job', sa.String(length=40), nullable=False),
    sa.Column('slot', sa.String(length=40), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('detail', sa.String(length=500), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_job_run'))
    )
    with op.batch_alter_table('ecrm_job_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_job_run_job_slot'), ['job', 'slot'], unique=True)

    op.create_table('ecrm_model',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('trained_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('customers', sa.Integer(), nullable=False),
    sa.Column('products', sa.Integer(), nullable=False),
    sa.Column('interactions', sa.Integer(), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_model'))
    )
    with op.batch_alter_table('ecrm_model', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_model_published_at'), ['published_at'], unique=False)

    op.create_table('ecrm_recall_link',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('dedup_key', sa.String(length=120), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('browser', sa.String(length=64), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_recall_link')),
    sa.UniqueConstraint('dedup_key', name=op.f('uq_ecrm_recall_link_dedup_key'))
    )
    with op.batch_alter_table('ecrm_recall_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_recall_link_address_asked_at'), ['address', 'asked_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_recall_link_asked_at'), ['asked_at'], unique=False)

    op.create_table('ecrm_search_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('term', sa.String(length=100), nullable=False),
    sa.Column('searches', sa.Integer(), nullable=False),
    sa.Column('zero_results', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'term', name=op.f('pk_ecrm_search_day'))
    )
    op.create_table('ecrm_visitor',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_visitor')),
    sa.UniqueConstraint('token', name=op.f('uq_ecrm_visitor_token'))
    )
    op.create_table('ecrm_checkout_memory',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account', sa.String(length=64), nullable=True),
    sa.Column('address', sa.JSON(), nullable=False),
    sa.Column('delivery_method', sa.String(length=40), nullable=False),
    sa.Column('payment_method', sa.String(length=40), nullable=False),
    sa.Column('order_reference', sa.String(length=64), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_checkout_memory_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_checkout_memory')),
    sa.UniqueConstraint('customer_id', name=op.f('uq_ecrm_checkout_memory_customer_id'))
    )
    op.create_table('ecrm_consent_choice',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('visitor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('grade', sa.Integer(), nullable=False),
    sa.Column('wording', sa.String(length=40), nullable=False),
    sa.Column('chosen_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['visitor_id'], ['ecrm_visitor.id'], name=op.f('fk_ecrm_consent_choice_visitor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_consent_choice'))
    )
    with op.batch_alter_table('ecrm_consent_choice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_consent_choice_visitor_id'), ['visitor_id'], unique=False)

    op.create_table('ecrm_customer_email',
    sa.Column('folded', sa.String(length=254), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_customer_email_customer_id')),
    sa.PrimaryKeyConstraint('folded', name=op.f('pk_ecrm_customer_email'))
    )
    with op.batch_alter_table('ecrm_customer_email', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_customer_email_customer_id'), ['customer_id'], unique=False)

    op.create_table('ecrm_email',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('dedup_key', sa.String(length=120), nullable=False),
    sa.Column('template', sa.String(length=60), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('order_reference', sa.String(length=64), nullable=True),
    sa.Column('from_address', sa.String(length=254), nullable=False),
    sa.Column('from_name', sa.String(length=200), nullable=False),
    sa.Column('to_address', sa.String(length=254), nullable=False),
    sa.Column('to_name', sa.String(length=200), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('html', sa.Text(), nullable=False),
    sa.Column('message_id', sa.String(length=200), nullable=False),
    sa.Column('transactional', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('doubts', sa.Integer(), nullable=False),
    sa.Column('queued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.String(length=500), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_email_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_email')),
    sa.UniqueConstraint('dedup_key', name=op.f('uq_ecrm_email_dedup_key')),
    sa.UniqueConstraint('message_id', name=op.f('uq_ecrm_email_message_id'))
    )
    with op.batch_alter_table('ecrm_email', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_email_customer_id_queued_at'), ['customer_id', 'queued_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_email_order_reference'), ['order_reference'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_email_state_due_at'), ['state', 'due_at'], unique=False)

    op.create_table('ecrm_ranked_list',
    sa.Column('model_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('products', sa.JSON(), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['model_id'], ['ecrm_model.id'], name=op.f('fk_ecrm_ranked_list_model_id')),
    sa.PrimaryKeyConstraint('model_id', 'kind', 'key', name=op.f('pk_ecrm_ranked_list'))
    )
    op.create_table('ecrm_session',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('visitor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entry_path', sa.String(length=200), nullable=False),
    sa.Column('referrer', sa.String(length=200), nullable=False),
    sa.Column('page_views', sa.Integer(), nullable=False),
    sa.Column('product_views', sa.Integer(), nullable=False),
    sa.Column('searches', sa.Integer(), nullable=False),
    sa.Column('cart_adds', sa.Integer(), nullable=False),
    sa.Column('orders', sa.Integer(), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['visitor_id'], ['ecrm_visitor.id'], name=op.f('fk_ecrm_session_visitor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_session'))
    )
    with op.batch_alter_table('ecrm_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_session_started_at'), ['started_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_session_visitor_id_last_at'), ['visitor_id', 'last_at'], unique=False)

    op.create_table('ecrm_shipment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reference', sa.String(length=64), nullable=False),
    sa.Column('order_reference', sa.String(length=64), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('carrier', sa.String(length=40), nullable=False),
    sa.Column('tracking_number', sa.String(length=64), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('promised_on', sa.Date(), nullable=True),
    sa.Column('expected_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shipped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_shipment_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_shipment')),
    sa.UniqueConstraint('reference', name=op.f('uq_ecrm_shipment_reference'))
    )
    with op.batch_alter_table('ecrm_shipment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_shipment_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_shipment_order_reference'), ['order_reference'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_shipment_status_expected_at'), ['status', 'expected_at'], unique=False)

    op.create_table('ecrm_visitor_claim',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('visitor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('how', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_visitor_claim_customer_id')),
    sa.ForeignKeyConstraint(['visitor_id'], ['ecrm_visitor.id'], name=op.f('fk_ecrm_visitor_claim_visitor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_visitor_claim'))
    )
    with op.batch_alter_table('ecrm_visitor_claim', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_visitor_claim_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_visitor_claim_visitor_id_customer_id'), ['visitor_id', 'customer_id'], unique=True)

    op.create_table('ecrm_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('message_id', sa.String(length=100), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('visitor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('session_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('order_reference', sa.String(length=64), nullable=True),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('properties', sa.JSON(), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_event_customer_id')),
    sa.ForeignKeyConstraint(['session_id'], ['ecrm_session.id'], name=op.f('fk_ecrm_event_session_id')),
    sa.ForeignKeyConstraint(['visitor_id'], ['ecrm_visitor.id'], name=op.f('fk_ecrm_event_visitor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_event')),
    sa.UniqueConstraint('message_id', name=op.f('uq_ecrm_event_message_id'))
    )
    with op.batch_alter_table('ecrm_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_event_customer_id_happened_at'), ['customer_id', 'happened_at'], unique=False, sqlite_where=sa.text('customer_id IS NOT NULL'), postgresql_where=sa.text('customer_id IS NOT NULL'))
        batch_op.create_index(batch_op.f('ix_ecrm_event_happened_at'), ['happened_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_event_order_reference'), ['order_reference'], unique=False, sqlite_where=sa.text('order_reference IS NOT NULL'), postgresql_where=sa.text('order_reference IS NOT NULL'))
        batch_op.create_index(batch_op.f('ix_ecrm_event_visitor_id_happened_at'), ['visitor_id', 'happened_at'], unique=False, sqlite_where=sa.text('visitor_id IS NOT NULL'), postgresql_where=sa.text('visitor_id IS NOT NULL'))

    op.create_table('ecrm_order',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reference', sa.String(length=64), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('visitor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('session_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('goods_minor', sa.BigInteger(), nullable=False),
    sa.Column('shipping_minor', sa.BigInteger(), nullable=False),
    sa.Column('discount_minor', sa.BigInteger(), nullable=False),
    sa.Column('total_minor', sa.BigInteger(), nullable=False),
    sa.Column('refunded_minor', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_order_customer_id')),
    sa.ForeignKeyConstraint(['session_id'], ['ecrm_session.id'], name=op.f('fk_ecrm_order_session_id')),
    sa.ForeignKeyConstraint(['visitor_id'], ['ecrm_visitor.id'], name=op.f('fk_ecrm_order_visitor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_order')),
    sa.UniqueConstraint('reference', name=op.f('uq_ecrm_order_reference'))
    )
    with op.batch_alter_table('ecrm_order', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_order_customer_id_placed_at'), ['customer_id', 'placed_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_order_placed_at'), ['placed_at'], unique=False)

    op.create_table('ecrm_scan',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('shipment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('scanned_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('place', sa.String(length=100), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['shipment_id'], ['ecrm_shipment.id'], name=op.f('fk_ecrm_scan_shipment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_scan'))
    )
    with op.batch_alter_table('ecrm_scan', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_scan_shipment_id_scanned_at_status'), ['shipment_id', 'scanned_at', 'status'], unique=True)

    op.create_table('ecrm_order_line',
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('net_minor', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['ecrm_order.id'], name=op.f('fk_ecrm_order_line_order_id')),
    sa.PrimaryKeyConstraint('order_id', 'position', name=op.f('pk_ecrm_order_line'))
    )
    with op.batch_alter_table('ecrm_order_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_order_line_product'), ['product'], unique=False)

    op.create_table('ecrm_reaction',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_error', sa.String(length=500), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['ecrm_event.id'], name=op.f('fk_ecrm_reaction_event_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_reaction'))
    )
    with op.batch_alter_table('ecrm_reaction', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_reaction_event_id_name'), ['event_id', 'name'], unique=True)
        batch_op.create_index(batch_op.f('ix_ecrm_reaction_state_due_at'), ['state', 'due_at'], unique=False)

    op.create_table('ecrm_refund',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reference', sa.String(length=64), nullable=False),
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('refunded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_refund_customer_id')),
    sa.ForeignKeyConstraint(['order_id'], ['ecrm_order.id'], name=op.f('fk_ecrm_refund_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_refund')),
    sa.UniqueConstraint('reference', name=op.f('uq_ecrm_refund_reference'))
    )
    with op.batch_alter_table('ecrm_refund', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_refund_customer_id_refunded_at'), ['customer_id', 'refunded_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_refund_order_id'), ['order_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('ecrm_refund', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_refund_order_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_refund_customer_id_refunded_at'))

    op.drop_table('ecrm_refund')
    with op.batch_alter_table('ecrm_reaction', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_reaction_state_due_at'))
        batch_op.drop_index(batch_op.f('ix_ecrm_reaction_event_id_name'))

    op.drop_table('ecrm_reaction')
    with op.batch_alter_table('ecrm_order_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_order_line_product'))

    op.drop_table('ecrm_order_line')
    with op.batch_alter_table('ecrm_scan', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_scan_shipment_id_scanned_at_status'))

    op.drop_table('ecrm_scan')
    with op.batch_alter_table('ecrm_order', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_order_placed_at'))
        batch_op.drop_index(batch_op.f('ix_ecrm_order_customer_id_placed_at'))

    op.drop_table('ecrm_order')
    with op.batch_alter_table('ecrm_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_event_visitor_id_happened_at'), sqlite_where=sa.text('visitor_id IS NOT NULL'), postgresql_where=sa.text('visitor_id IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_ecrm_event_order_reference'), sqlite_where=sa.text('order_reference IS NOT NULL'), postgresql_where=sa.text('order_reference IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_ecrm_event_happened_at'))
        batch_op.drop_index(batch_op.f('ix_ecrm_event_customer_id_happened_at'), sqlite_where=sa.text('customer_id IS NOT NULL'), postgresql_where=sa.text('customer_id IS NOT NULL'))

    op.drop_table('ecrm_event')
    with op.batch_alter_table('ecrm_visitor_claim', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_visitor_claim_visitor_id_customer_id'))
        batch_op.drop_index(batch_op.f('ix_ecrm_visitor_claim_customer_id'))

    op.drop_table('ecrm_visitor_claim')
    with op.batch_alter_table('ecrm_shipment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_shipment_status_expected_at'))
        batch_op.drop_index(batch_op.f('ix_ecrm_shipment_order_reference'))
        batch_op.drop_index(batch_op.f('ix_ecrm_shipment_customer_id'))

    op.drop_table('ecrm_shipment')
    with op.batch_alter_table('ecrm_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_session_visitor_id_last_at'))
        batch_op.drop_index(batch_op.f('ix_ecrm_session_started_at'))

    op.drop_table('ecrm_session')
    op.drop_table('ecrm_ranked_list')
    with op.batch_alter_table('ecrm_email', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_email_state_due_at'))
        batch_op.drop_index(batch_op.f('ix_ecrm_email_order_reference'))
        batch_op.drop_index(batch_op.f('ix_ecrm_email_customer_id_queued_at'))

    op.drop_table('ecrm_email')
    with op.batch_alter_table('ecrm_customer_email', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_customer_email_customer_id'))

    op.drop_table('ecrm_customer_email')
    with op.batch_alter_table('ecrm_consent_choice', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_consent_choice_visitor_id'))

    op.drop_table('ecrm_consent_choice')
    op.drop_table('ecrm_checkout_memory')
    op.drop_table('ecrm_visitor')
    op.drop_table('ecrm_search_day')
    with op.batch_alter_table('ecrm_recall_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_recall_link_asked_at'))
        batch_op.drop_index(batch_op.f('ix_ecrm_recall_link_address_asked_at'))

    op.drop_table('ecrm_recall_link')
    with op.batch_alter_table('ecrm_model', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_model_published_at'))

    op.drop_table('ecrm_model')
    with op.batch_alter_table('ecrm_job_run', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_job_run_job_slot'))

    op.drop_table('ecrm_job_run')
    op.drop_table('ecrm_day_figures')
    with op.batch_alter_table('ecrm_customer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_customer_email_folded'))

    op.drop_table('ecrm_customer')
    with op.batch_alter_table('ecrm_audit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ecrm_audit_subject_at'))

    op.drop_table('ecrm_audit')
