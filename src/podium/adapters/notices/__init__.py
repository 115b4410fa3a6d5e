"""Telling people that something waits for them: by mail, by a signed web call, by a command."""
