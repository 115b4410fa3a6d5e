"""`podium autonomy`: how far workflows may go by themselves."""
