"""Attribution: which touch is credited with which money, model by model, posted like a ledger and to the cent."""
