"""Outcomes become what a reader sees: markdown reports and data files."""
