"""The networks from which a site sends, where it says so: nobody else is heard."""


def is_ranges(text: str) -> bool:
    """Whether it is a list of networks (CIDR, or single addresses) with commas between."""
    from ipaddress import ip_network

    try:
        return bool([ip_network(each.strip()) for each in text.split(",")])
    except ValueError:
        return False


def is_within(text: str, address: str | None) -> bool:
    """Whether the address lies in one of the networks. An address that is not known lies in none."""
    from ipaddress import ip_address, ip_network

    try:
        sender = ip_address(address or "")
    except ValueError:
        return False
    return any(sender in ip_network(each.strip()) for each in text.split(","))
