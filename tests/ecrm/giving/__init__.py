"""Tests of presents."""
