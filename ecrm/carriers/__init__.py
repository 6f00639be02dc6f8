"""Carriers outside: what they tell by webhook, what they answer when asked, and a made-up one for demos."""
