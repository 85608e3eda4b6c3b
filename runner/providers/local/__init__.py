"""The embedded provider: answers from the user's own documents, with no key and no network."""
