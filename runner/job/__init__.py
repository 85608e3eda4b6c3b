"""What the user wrote: a YAML file becomes a `Job`, or all of its `Problem`s.

`text/` reads it with the place of every value, `schemas/` holds it against the language, `rules/`
says what no schema can, `rows/` reads the data it names; `load` goes through them in this order.
"""
