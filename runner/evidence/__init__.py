"""Whether outcomes hold: what they rest on, checks, verified citations, changes between runs."""
