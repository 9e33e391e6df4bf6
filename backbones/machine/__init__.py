"""The machine and the processes on it: cores, memory, versions, ranks."""
