"""The commands of `resdet` as files, and what makes the documentation."""
