"""The one instance of the CRM that this shop plugs in; `install_crm` connects it to an app."""

from __future__ import annotations

from ecrm import ECRM

crm = ECRM()
