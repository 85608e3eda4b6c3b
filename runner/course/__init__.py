"""One run of one job, from plan to report: what the command line and Python callers share."""
