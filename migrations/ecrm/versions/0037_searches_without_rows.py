"""A customer's newest searches and sign-ins are read from the index alone, and searches of their nameless visits, too."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

SEARCHES = "name = 'Products Searched' AND customer_id IS NOT NULL"
NAMELESS = "name = 'Products Searched' AND customer_id IS NULL"
OF_ACCOUNTS = "name IN ('Profile Changed', 'Signed In', 'Signed Up') AND customer_id IS NOT NULL"


def upgrade() -> None:
    _make_again(["customer_id", "happened_at", "name"])
    _index("ix_ecrm_event_nameless_searches", ["visitor_id", "happened_at"], NAMELESS)


def downgrade() -> None:
    op.drop_index("ix_ecrm_event_nameless_searches", table_name="ecrm_event")
    _make_again(["customer_id", "happened_at"])


def _make_again(columns: list[str]) -> None:
    for name, where in {"ix_ecrm_event_searches": SEARCHES, "ix_ecrm_event_of_accounts": OF_ACCOUNTS}.items():
        op.drop_index(name, table_name="ecrm_event")
        _index(name, columns, where)


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "ecrm_event", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
