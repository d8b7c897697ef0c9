"""Use cases, one verb phrase a module. They see the domain and the ports that they declare, never AWS."""
