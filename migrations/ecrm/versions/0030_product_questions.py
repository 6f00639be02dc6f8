"""Questions about products, their answers, and who wants to hear of them."""

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0028'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('ecrm_product_question',
    sa.Column('id', ID, nullable=False),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('customer_id', ID, nullable=True),
    sa.Column('contact_id', ID, nullable=True),
    sa.Column('display_name', sa.String(length=60), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('hidden_reason', sa.String(length=200), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['ecrm_contact.id'], name=op.f('fk_ecrm_product_question_contact_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_product_question_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_product_question')),
    )
    op.create_index(
        'ix_ecrm_product_question_product_state_asked_at', 'ecrm_product_question', ['product', 'state', 'asked_at']
    )
    op.create_index('ix_ecrm_product_question_state_asked_at', 'ecrm_product_question', ['state', 'asked_at'])
    op.create_index('ix_ecrm_product_question_customer_id', 'ecrm_product_question', ['customer_id'])
    op.create_index('ix_ecrm_product_question_contact_id', 'ecrm_product_question', ['contact_id'])
    op.create_table('ecrm_product_answer',
    sa.Column('id', ID, nullable=False),
    sa.Column('question_id', ID, nullable=False),
    sa.Column('customer_id', ID, nullable=True),
    sa.Column('staff_id', sa.String(length=64), nullable=False),
    sa.Column('display_name', sa.String(length=100), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['ecrm_customer.id'], name=op.f('fk_ecrm_product_answer_customer_id')),
    sa.ForeignKeyConstraint(
        ['question_id'], ['ecrm_product_question.id'], name=op.f('fk_ecrm_product_answer_question_id')
    ),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ecrm_product_answer')),
    )
    op.create_index('ix_ecrm_product_answer_question_id_state', 'ecrm_product_answer', ['question_id', 'state'])
    op.create_index('ix_ecrm_product_answer_state_answered_at', 'ecrm_product_answer', ['state', 'answered_at'])
    op.create_index('ix_ecrm_product_answer_customer_id', 'ecrm_product_answer', ['customer_id'])
    op.create_table('ecrm_question_follower',
    sa.Column('question_id', ID, nullable=False),
    sa.Column('contact_id', ID, nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed', sa.Boolean(), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['ecrm_contact.id'], name=op.f('fk_ecrm_question_follower_contact_id')),
    sa.ForeignKeyConstraint(
        ['question_id'], ['ecrm_product_question.id'], name=op.f('fk_ecrm_question_follower_question_id')
    ),
    sa.PrimaryKeyConstraint('question_id', 'contact_id', name=op.f('pk_ecrm_question_follower')),
    )
    op.create_index('ix_ecrm_question_follower_contact_id', 'ecrm_question_follower', ['contact_id'])


def downgrade() -> None:
    op.drop_table('ecrm_question_follower')
    op.drop_table('ecrm_product_answer')
    op.drop_table('ecrm_product_question')
