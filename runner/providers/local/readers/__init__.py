"""One reader a format: from a file's text or bytes to its blocks in reading order."""
