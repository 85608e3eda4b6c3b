"""What will be asked: a job and its rows become calls with fingerprints and prices."""
