"""QR codes as inline SVG."""


def qr_svg(text: str) -> str:
    """An `<svg>` element that fills its container: the code in black, with the border that readers need.

    The code can be read while a sixth of it is covered. Upper-case letters and digits make the smallest code.
    The element is hidden from screen readers, so its container must carry a label.
    """
    import segno  # 30 ms that only a process which shows cards should spend

    drawn = segno.make_qr(text, error="M").svg_inline(omitsize=True, svgclass=None, lineclass=None)
    return drawn.replace("<svg", '<svg aria-hidden="true"', 1)
