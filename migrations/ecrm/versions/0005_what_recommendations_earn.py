"""What recommendations earn: slots, clicks, credits; strategies tried against each other."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0002'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ecrm_recommendation_slot',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('placement', sa.String(length=20), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('strategy', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_recommendation_slot'))
    )
    with op.batch_alter_table('ecrm_recommendation_slot', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_recommendation_slot_placement_position_strategy'), ['placement', 'position', 'strategy'], unique=True)

    op.create_table('ecrm_recommended_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('slot_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('impressions', sa.Integer(), nullable=False),
    sa.Column('clicks', sa.Integer(), nullable=False),
    sa.Column('cart_adds', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'slot_id', name=op.f('pk_ecrm_recommended_day'))
    )
    op.create_table('ecrm_recommendation_click',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('session_id', BIG_ID, nullable=False),
    sa.Column('slot_id', BIG_ID, nullable=False),
    sa.Column('product_key_id', BIG_ID, nullable=False),
    sa.Column('clicked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('added', sa.Boolean(), nullable=False),
    sa.Column('bought', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['product_key_id'], ['ecrm_product_key.id'], name=op.f('fk_ecrm_recommendation_click_product_key_id')),
    sa.ForeignKeyConstraint(['session_id'], ['ecrm_session.id'], name=op.f('fk_ecrm_recommendation_click_session_id')),
    sa.ForeignKeyConstraint(['slot_id'], ['ecrm_recommendation_slot.id'], name=op.f('fk_ecrm_recommendation_click_slot_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_recommendation_click'))
    )
    with op.batch_alter_table('ecrm_recommendation_click', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_recommendation_click_clicked_at'), ['clicked_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_recommendation_click_product_key_id_last_at'), ['product_key_id', 'last_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_recommendation_click_session_id_slot_id_product_key_id'), ['session_id', 'slot_id', 'product_key_id'], unique=True)

    op.create_table('ecrm_recommendation_credit',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('order_id', BIG_ID, nullable=False),
    sa.Column('refund_id', BIG_ID, nullable=True),
    sa.Column('product_key_id', BIG_ID, nullable=False),
    sa.Column('slot_id', BIG_ID, nullable=False),
    sa.Column('click_id', BIG_ID, nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['click_id'], ['ecrm_recommendation_click.id'], name=op.f('fk_ecrm_recommendation_credit_click_id')),
    sa.ForeignKeyConstraint(['order_id'], ['ecrm_order.id'], name=op.f('fk_ecrm_recommendation_credit_order_id')),
    sa.ForeignKeyConstraint(['product_key_id'], ['ecrm_product_key.id'], name=op.f('fk_ecrm_recommendation_credit_product_key_id')),
    sa.ForeignKeyConstraint(['refund_id'], ['ecrm_refund.id'], name=op.f('fk_ecrm_recommendation_credit_refund_id')),
    sa.ForeignKeyConstraint(['slot_id'], ['ecrm_recommendation_slot.id'], name=op.f('fk_ecrm_recommendation_credit_slot_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_recommendation_credit'))
    )
    with op.batch_alter_table('ecrm_recommendation_credit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_recommendation_credit_click_id'), ['click_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_recommendation_credit_day'), ['day'], unique=False)
        batch_op.create_index(batch_op.f('ix_ecrm_recommendation_credit_order_id'), ['order_id'], unique=False)

    op.create_table('ecrm_experiment_turn',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('experiment_id', BIG_ID, nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('arm', sa.String(length=20), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['experiment_id'], ['ecrm_experiment.id'], name=op.f('fk_ecrm_experiment_turn_experiment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_experiment_turn'))
    )
    with op.batch_alter_table('ecrm_experiment_turn', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ecrm_experiment_turn_experiment_id_unit_id_day'), ['experiment_id', 'unit_id', 'day'], unique=True)

    op.create_table('ecrm_experiment_allocation',
    sa.Column('experiment_id', BIG_ID, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('shares', sa.JSON(), nullable=False),
    sa.Column('why', sa.JSON(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['experiment_id'], ['ecrm_experiment.id'], name=op.f('fk_ecrm_experiment_allocation_experiment_id')),
    sa.PrimaryKeyConstraint('experiment_id', 'day', name=op.f('pk_ecrm_experiment_allocation'))
    )
    with op.batch_alter_table('ecrm_experiment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('arms', sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column('adaptive', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('goal', sa.String(length=10), nullable=False, server_default="clicks"))
    with op.batch_alter_table('ecrm_exposure', schema=None) as batch_op:
        batch_op.add_column(sa.Column('arm', sa.String(length=20), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table('ecrm_exposure', schema=None) as batch_op:
        batch_op.drop_column('arm')
    with op.batch_alter_table('ecrm_experiment', schema=None) as batch_op:
        batch_op.drop_column('goal')
        batch_op.drop_column('adaptive')
        batch_op.drop_column('arms')
    op.drop_table('ecrm_experiment_allocation')
    op.drop_table('ecrm_experiment_turn')
    op.drop_table('ecrm_recommendation_credit')
    op.drop_table('ecrm_recommendation_click')
    op.drop_table('ecrm_recommended_day')
    op.drop_table('ecrm_recommendation_slot')
