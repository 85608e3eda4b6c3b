"""What no schema can say: templates, names, files and policies that fit together."""
