"""What a person reads and types: parser, words, bars, waiting, exit codes."""
