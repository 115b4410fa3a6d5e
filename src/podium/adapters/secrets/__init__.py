"""Where secrets come from: the environment, files, the system's key ring, commands."""
