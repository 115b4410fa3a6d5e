"""The one door to the world: gateway, ports, breaker."""
