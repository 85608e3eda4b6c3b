"""The Parallel API over HTTP: requests, streams and errors in its own wire format."""
