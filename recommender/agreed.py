"""Numbers that training and serving must agree on; serving can import them without the training's libraries."""

ALS_REGULARIZATION = 20.0
ALS_WEIGHT = 12.0
"""Of the factorisation (`candidates.als`) and of the fold-in that goes on from its factors (`serving.fold_in`)."""
SIMILAR = 0.1
"""Weight of the likeness of descriptions beside EASE in a cart; both are divided by their highest score."""
TOGETHER_FROM = 2
"""Pairs in fewer orders than this are chance, and no reason."""
