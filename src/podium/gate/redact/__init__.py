"""What must not leave: finding personal data and secrets in texts, and what stands in their place."""
