"""The mail with the code by which an owner proves an e-mail address. It names no network: whoever reads the
mail may not know the network, and a network's name is free text."""

from chalicelib.domain.messages.messages import Worded
from chalicelib.texts.languages import catalogue


def code_mail(address: str, code: str, language: str) -> Worded:
    """The mail as plain text, in one of LANGUAGES."""
    texts = catalogue(language)
    sentences = (
        texts.gettext("The code is {code}."),
        texts.gettext("A network of salons wants to send its messages from {address}."),
        texts.gettext("To allow that, its owner enters the code within 24 hours."),
        texts.gettext("If you do not know of this, do nothing."),
    )
    text = " ".join(sentences).format(code=code, address=address)
    return Worded(text=text, subject=texts.gettext("The code for {address}").format(address=address))
