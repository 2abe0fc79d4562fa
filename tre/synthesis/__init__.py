"""Invented populations: households first, then people, then sources as noisy views, with the truth kept apart."""

from tre.synthesis.recipe import Recipe, parse_recipe
from tre.synthesis.synthesise import Summary, synthesise

__all__ = ["Recipe", "Summary", "parse_recipe", "synthesise"]
