"""Asking each thing once: calls become outcomes, from the cache or from a provider."""
