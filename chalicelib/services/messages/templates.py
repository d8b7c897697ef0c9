"""Keep a network's own texts of messages: see, save, drop, with a preview and what is worth knowing."""

from collections.abc import Sequence

from msgspec import Struct

from chalicelib.domain.clients.clients import CHANNELS
from chalicelib.domain.messages.messages import Worded
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Template
from chalicelib.domain.shared.errors import conflict, refused
from chalicelib.domain.shared.templates import FORMS, checked, checked_subject, numbered
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.messages.sample_facts import TextWarning, sample_facts, warnings_of
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.ports import SaveConflict, Texts, TextToBeginWith
from chalicelib.services.shared.world import World


class Words(Struct, frozen=True):
    """What texts are made with: how a message is worded, and the built-in text of each."""

    texts: Texts
    begin: TextToBeginWith
    links: Links


class Place(Struct, frozen=True):
    """Which text: a kind's, for a channel, in a language."""

    kind: TouchKind
    channel: str
    language: str


class Kept(Struct, frozen=True):
    """A text that messages are made of, the network's own or the built-in one. numbered: as WhatsApp wants it
    registered."""

    place: Place
    template: Template
    own: bool

    @property
    def numbered(self) -> str | None:
        return numbered(self.template.text) if self.place.channel == "whatsapp" else None


class Shown(Struct, frozen=True):
    """A text with what it says to somebody with a usual name."""

    kept: Kept
    worded: Worded
    warnings: Sequence[TextWarning]
    directory: Directory


def place(kind: str, channel: str, language: str) -> Place:
    """Raises UNKNOWN_KIND, UNKNOWN_CHANNEL, UNKNOWN_LANGUAGE."""
    if kind not in set(TouchKind):
        raise refused("UNKNOWN_KIND", f"Kinds are {', '.join(sorted(TouchKind))}.", kind=kind)
    if channel not in CHANNELS:
        raise refused("UNKNOWN_CHANNEL", f"Channels are {', '.join(CHANNELS)}.", channel=channel)
    if language not in FORMS:
        raise refused("UNKNOWN_LANGUAGE", "Languages are ru, ro and en.", language=language)
    return Place(TouchKind(kind), channel, language)


def list_templates(world: World, words: Words, access: Access) -> list[Kept]:
    """All texts, own and built-in."""
    directory = world.fresh_directory(access.network_id)
    kinds = [kind for kind in TouchKind if kind is not TouchKind.CAMPAIGN]
    places = (Place(k, c, language) for k in kinds for c in CHANNELS for language in FORMS)
    return [_kept(words, directory, place) for place in places]


def get_template(world: World, words: Words, access: Access, place: Place) -> Shown:
    _ensure_has_words(place)
    directory = world.fresh_directory(access.network_id)
    return _shown(world, words, directory, _kept(words, directory, place))


def keep_template(
    world: World,
    words: Words,
    access: Access,
    place: Place,
    *,
    text: str,
    subject: str | None,
    version: int | None = None,
) -> Shown:
    """Saves the network's own text. version: the one that is replaced, 0 for none. Raises STALE_VERSION and
    whatever `checked` raises."""
    _ensure_has_words(place)
    _ensure_whole_network(access)
    text = checked(place.kind, place.channel, place.language, text)
    subject = checked_subject(place.kind, place.channel, place.language, subject)
    for _ in world.tries():
        stands = _stands(world, access, place, version)
        template = Template(
            network_id=access.network_id,
            kind=place.kind,
            channel=place.channel,
            language=place.language,
            text=text,
            subject=subject,
            changed_at=world.now(),
            actor=access.actor,
            version=stands.version if stands is not None else 0,
        )
        if stands is None or (stands.text, stands.subject) != (text, subject):
            try:
                (template,) = world.store.save(template)
            except SaveConflict:
                continue
        else:
            template = stands
        directory = world.fresh_directory(access.network_id)
        return _shown(world, words, directory, Kept(place, template, own=True))
    raise conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")


def drop_template(world: World, access: Access, place: Place, version: int | None = None) -> None:
    """The built-in words hold again. Nothing to drop is no mistake. Raises STALE_VERSION."""
    _ensure_whole_network(access)
    for _ in world.tries():
        stands = _stands(world, access, place, version)
        if stands is not None:
            try:
                world.store.save(remove=[stands])
            except SaveConflict:
                continue
        world.directories.forget(access.network_id)
        return
    raise conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")


def as_template(network_id: str, place: Place, text: str, subject: str | None, world: World) -> Template:
    """A text that nobody has saved, in the form of one. Raises whatever `checked` raises."""
    return Template(
        network_id=network_id,
        kind=place.kind,
        channel=place.channel,
        language=place.language,
        text=checked(place.kind, place.channel, place.language, text),
        subject=checked_subject(place.kind, place.channel, place.language, subject),
        changed_at=world.now(),
        actor="draft",
    )


def _stands(world: World, access: Access, place: Place, version: int | None) -> Template | None:
    stands = world.store.get(
        Template,
        network_id=access.network_id,
        kind=place.kind,
        channel=place.channel,
        language=place.language,
    )
    present = stands.version if stands is not None else 0
    if version is not None and version != present:
        raise conflict("STALE_VERSION", "It was changed meanwhile; read it again.", version=present)
    return stands


def _kept(words: Words, directory: Directory, place: Place) -> Kept:
    own = directory.template(place.kind, place.channel, place.language)
    if own is not None:
        return Kept(place, own, own=True)
    text, subject = words.begin(place.kind, place.channel, place.language)
    built_in = Template(
        network_id=directory.network.network_id,
        kind=place.kind,
        channel=place.channel,
        language=place.language,
        text=text,
        subject=subject,
        changed_at=directory.network.created_at,
        actor="built-in",
    )
    return Kept(place, built_in, own=False)


def _shown(world: World, words: Words, directory: Directory, kept: Kept) -> Shown:
    place, own = kept.place, kept.template if kept.own else None
    facts = sample_facts(directory, words.links, place.kind, place.language, world.now())
    worded = words.texts(place.kind.value, place.channel, place.language, facts, own)
    warnings = warnings_of(words.texts, directory, own, facts) if own is not None else ()
    return Shown(kept, worded, warnings, directory)


def _ensure_has_words(place: Place) -> None:
    if place.kind is TouchKind.CAMPAIGN:
        raise refused("UNKNOWN_KIND", "A campaign brings its own text.", kind=place.kind.value)


def _ensure_whole_network(access: Access) -> None:
    access.ensure_whole_network()
