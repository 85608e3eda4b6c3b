"""Texts as files hold them: YAML and JSON to data, each value with its place."""
