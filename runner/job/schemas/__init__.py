"""Values against JSON Schemas: the language's own, and those that jobs name."""
