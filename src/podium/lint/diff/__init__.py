"""What is different between two workflows in meaning, and whether it allows more or less than before."""
