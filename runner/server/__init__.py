"""A provider over HTTP in Parallel's wire format, its webhooks out, and the receiver of webhooks.

`app` answers requests from what an `Answers` knows (`local`: the user's documents), and goes wrong
on demand (`faults`); `serving` puts an app on a socket; `receiver` hears of runs that have ended.
"""
