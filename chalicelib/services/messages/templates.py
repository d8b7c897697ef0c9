"""Own texts of a network: list, get, save and remove them, each with a preview and warnings."""

from collections.abc import Sequence
from functools import partial

from msgspec import Struct

from chalicelib.domain.clients.clients import CHANNELS
from chalicelib.domain.messages.messages import Worded
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Template
from chalicelib.domain.shared.errors import Unreadable, conflict, refused
from chalicelib.domain.shared.templates import FORMS, checked, checked_subject, numbered
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.messages.sample_facts import TextWarning, sample_facts, warnings_of
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.ports import Texts, TextToBeginWith
from chalicelib.services.shared.unreadable import forget_parked, parked_of, remove_unreadable
from chalicelib.services.shared.world import World


class Words(Struct, frozen=True):
    """What texts are made with. texts: makes the text of a message. begin: gives a kind's built-in text with
    placeholders. links: makes the addresses in it."""

    texts: Texts
    begin: TextToBeginWith
    links: Links


class TemplateKey(Struct, frozen=True):
    """Names a text by its kind, channel and language."""

    kind: TouchKind
    channel: str
    language: str


class TextInUse(Struct, frozen=True):
    """A text that messages are made of. own: whether it is the network's own text, not the built-in one."""

    key: TemplateKey
    template: Template
    own: bool

    @property
    def numbered(self) -> str | None:
        """The text in the form in which WhatsApp registers it; None for other channels."""
        return numbered(self.template.text) if self.key.channel == "whatsapp" else None


class TemplateView(Struct, frozen=True):
    """A text with a sample message to a client with a usual name."""

    in_use: TextInUse
    worded: Worded
    warnings: Sequence[TextWarning]
    directory: Directory


def key_of_template(kind: str, channel: str, language: str) -> TemplateKey:
    """Raises UNKNOWN_KIND, UNKNOWN_CHANNEL, UNKNOWN_LANGUAGE."""
    if kind not in set(TouchKind):
        raise refused("UNKNOWN_KIND", f"Kinds are {', '.join(sorted(TouchKind))}.", kind=kind)
    if channel not in CHANNELS:
        raise refused("UNKNOWN_CHANNEL", f"Channels are {', '.join(CHANNELS)}.", channel=channel)
    if language not in FORMS:
        raise refused("UNKNOWN_LANGUAGE", "Languages are ru, ro and en.", language=language)
    return TemplateKey(TouchKind(kind), channel, language)


def list_templates(world: World, words: Words, access: Access) -> list[TextInUse]:
    """The texts in use for all kinds, channels and languages."""
    directory = world.fresh_directory(access.network_id)
    kinds = [kind for kind in TouchKind if kind is not TouchKind.CAMPAIGN]
    places = (TemplateKey(k, c, language) for k in kinds for c in CHANNELS for language in FORMS)
    return [text for key in places if (text := _readable_text(words, directory, key)) is not None]


def _readable_text(words: Words, directory: Directory, key: TemplateKey) -> TextInUse | None:
    """None: the network has an own text that cannot be read."""
    try:
        return _text_in_use(words, directory, key)
    except Unreadable:
        return None


def get_template(world: World, words: Words, access: Access, key: TemplateKey) -> TemplateView:
    _ensure_has_words(key)
    directory = world.fresh_directory(access.network_id)
    return _view(world, words, directory, _text_in_use(words, directory, key))


def save_template(
    world: World,
    words: Words,
    access: Access,
    key: TemplateKey,
    *,
    text: str,
    subject: str | None,
    version: int | None = None,
) -> TemplateView:
    """Saves an own text of the network, also in place of one that cannot be read. version: the version that
    is replaced, 0 for none. Raises STALE_VERSION, TRY_AGAIN and what `checked` raises."""
    _ensure_has_words(key)
    access.ensure_whole_network()
    text = checked(key.kind, key.channel, key.language, text)
    subject = checked_subject(key.kind, key.channel, key.language, subject)
    template = world.retrying(partial(_save, world, access, key, text, subject, version))
    directory = world.fresh_directory(access.network_id)
    return _view(world, words, directory, TextInUse(key, template, own=True))


def _save(
    world: World, access: Access, key: TemplateKey, text: str, subject: str | None, version: int | None
) -> Template:
    existing = _existing(world, access, key, version)
    if isinstance(existing, Template) and (existing.text, existing.subject) == (text, subject):
        return existing
    template = Template(
        network_id=access.network_id,
        kind=key.kind,
        channel=key.channel,
        language=key.language,
        text=text,
        subject=subject,
        changed_at=world.now(),
        actor=access.actor,
        version=existing.version or 0 if existing is not None else 0,
    )
    (saved,) = world.store.save(template)
    if isinstance(existing, Unreadable):
        forget_parked(world, existing)
    return saved


def remove_template(world: World, access: Access, key: TemplateKey, version: int | None = None) -> None:
    """Removes an own text, so that the built-in one is used again; without an own text it does nothing. One
    that cannot be read is removed on record. Raises STALE_VERSION, TRY_AGAIN."""
    access.ensure_whole_network()
    world.retrying(partial(_remove, world, access, key, version))
    world.directories.forget(access.network_id)


def _remove(world: World, access: Access, key: TemplateKey, version: int | None) -> None:
    existing = _existing(world, access, key, version)
    parked = parked_of(existing, world.now()) if isinstance(existing, Unreadable) else None
    if parked is not None:
        remove_unreadable(world, parked, access.actor)
    elif isinstance(existing, Template):
        world.store.save(remove=[existing])


def as_template(network_id: str, key: TemplateKey, text: str, subject: str | None, world: World) -> Template:
    """A draft in the form of a saved text. Raises what `checked` raises."""
    return Template(
        network_id=network_id,
        kind=key.kind,
        channel=key.channel,
        language=key.language,
        text=checked(key.kind, key.channel, key.language, text),
        subject=checked_subject(key.kind, key.channel, key.language, subject),
        changed_at=world.now(),
        actor="draft",
    )


def _existing(
    world: World, access: Access, key: TemplateKey, version: int | None
) -> Template | Unreadable | None:
    """The own text as it lies in the table. Raises STALE_VERSION."""
    existing: Template | Unreadable | None
    try:
        existing = world.store.get(
            Template,
            network_id=access.network_id,
            kind=key.kind,
            channel=key.channel,
            language=key.language,
        )
    except Unreadable as error:
        existing = error
    current = existing.version if existing is not None else 0
    if version is not None and version != current:
        raise conflict("STALE_VERSION", "It was changed meanwhile; read it again.", version=current)
    return existing


def _text_in_use(words: Words, directory: Directory, key: TemplateKey) -> TextInUse:
    own = directory.template(key.kind, key.channel, key.language)
    if own is not None:
        return TextInUse(key, own, own=True)
    text, subject = words.begin(key.kind, key.channel, key.language)
    built_in = Template(
        network_id=directory.network.network_id,
        kind=key.kind,
        channel=key.channel,
        language=key.language,
        text=text,
        subject=subject,
        changed_at=directory.network.created_at,
        actor="built-in",
    )
    return TextInUse(key, built_in, own=False)


def _view(world: World, words: Words, directory: Directory, in_use: TextInUse) -> TemplateView:
    key, own = in_use.key, in_use.template if in_use.own else None
    facts = sample_facts(directory, words.links, key.kind, key.language, world.now())
    worded = words.texts(key.kind.value, key.channel, key.language, facts, own)
    warnings = warnings_of(words.texts, directory, own, facts) if own is not None else ()
    return TemplateView(in_use, worded, warnings, directory)


def _ensure_has_words(key: TemplateKey) -> None:
    if key.kind is TouchKind.CAMPAIGN:
        raise refused("UNKNOWN_KIND", "A campaign brings its own text.", kind=key.kind.value)
