"""Files and folders: read without trust, there whole or not at all."""
