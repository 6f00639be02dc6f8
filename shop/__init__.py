"""A plain web shop. It knows no word of the CRM: `shop/crm` is the one package that knows both sides."""
