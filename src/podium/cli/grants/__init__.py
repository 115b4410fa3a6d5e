"""`podium grants`: what people have agreed to beforehand."""
