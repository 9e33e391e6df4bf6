"""Why a score is what it is: errors, what they cost, curves, confusion."""
