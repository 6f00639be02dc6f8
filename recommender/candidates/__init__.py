"""Candidates: four simple views of the same purchases, blended by `recommender.ranking`."""
