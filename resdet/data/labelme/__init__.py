"""LabelMe's JSON: found, read, checked."""
