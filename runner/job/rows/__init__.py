"""The rows of a job: data files of every kind, or lists in the job file."""
