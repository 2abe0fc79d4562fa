"""Survival: Kaplan-Meier curves whose every printed step enough people stand behind."""

from disclosure.survival.asked import Survival

__all__ = ["Survival"]
