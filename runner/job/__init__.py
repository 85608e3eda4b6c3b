"""What the user wrote: a YAML file becomes a `Job`, or all of its `Problem`s."""
