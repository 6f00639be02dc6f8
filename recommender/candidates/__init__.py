"""Candidates: simple views of the same purchases and visits, a small file each, joined by `recommender.sources`."""
