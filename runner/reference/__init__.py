"""The reference pages: written by hand where a person explains, filled in from the code elsewhere.

`pages` finds and fills them, `language` tells of the keys of a job, `commands` of the command line,
`errors` of what can go wrong. The pages stand here as markdown and are part of the package.
"""
