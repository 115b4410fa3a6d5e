"""What happened: records, their chain, the port to a store, and verifying it all."""
