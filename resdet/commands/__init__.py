"""The body of every subcommand, and the options they share."""
