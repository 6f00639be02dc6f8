"""A plain web shop. It knows no word of the CRM: `shop/crm.py` is the one file that knows both sides."""
