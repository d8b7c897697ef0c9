"""The client's pages about a booking: the booking itself, its calendar entry, the review. A GET never changes
anything."""

from typing import Annotated, Literal

import msgspec
from chalice.app import Request
from msgspec import Meta

from chalicelib.api.http.endpoint import Answer, get, post
from chalicelib.api.pages.page_answers import (
    form_of,
    form_post,
    html,
    language_for,
    link_opened_to_change,
    opened_link,
    page,
    redirect_to_page,
    step_done,
)
from chalicelib.api.pages.page_views import OpenedLink, booking_view, review_view, with_points
from chalicelib.domain.bookings.bookings import CANCELLED_BY_CLIENT, Booking, Status
from chalicelib.domain.shared.errors import conflict, malformed
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.pages import pages
from chalicelib.services.bookings import step_booking
from chalicelib.services.bookings.confirm_visit import confirm_visit
from chalicelib.services.bookings.review_visit import review
from chalicelib.services.loyalty.hold_points import hold_for_booking, release_for_booking

POINTS_DIGITS = 10


class MoveWishRequest(msgspec.Struct):
    wish: Annotated[str, Meta(description=f"Cut to {pages.WISH_LIMIT} characters.")] = ""


class UsePointsRequest(msgspec.Struct):
    points: Annotated[str, Meta(pattern=f"^[0-9]{{1,{POINTS_DIGITS}}}$")]


class ReviewRequest(msgspec.Struct):
    stars: Literal["1", "2", "3", "4", "5"]
    words: Annotated[str, Meta(description=f"Cut to {pages.WORDS_LIMIT} characters.")] = ""


# --- the booking


@get("/b/{token}")
@page()
def get_booking(request: Request, token: str) -> Answer:
    opened = opened_link(token, LinkPurpose.BOOKING)
    booking, client = opened.booking(), opened.client()
    language = language_for(request, opened, client, booking)
    view = with_points(booking_view(opened, booking, client, step_done(request)), opened, booking)
    return html(pages.booking_page(view, language))


@get("/b/{token}/calendar.ics")
@page(gives="text/calendar")
def calendar(request: Request, token: str) -> Answer:
    from chalicelib.pages.calendar import booking_ics

    opened = opened_link(token, LinkPurpose.BOOKING)
    booking, client = opened.booking(), opened.client()
    text = booking_ics(
        booking_view(opened, booking, client, None),
        language_for(request, opened, client, booking),
        uid=f"{booking.id}@perennial",
        version=booking.version,
        stamped_at=opened.world.now(),
        page_url=opened.links.url(opened.link, LinkPurpose.BOOKING),
    )
    headers = {
        **pages.SECURITY_HEADERS,
        "Content-Type": "text/calendar; charset=utf-8; method=PUBLISH",
        "Content-Disposition": 'attachment; filename="booking.ics"',
    }
    return Answer(text, 200, headers)


@post("/b/{token}/confirm")
@form_post()
def confirm(request: Request, token: str) -> Answer:
    opened = link_opened_to_change(token, LinkPurpose.BOOKING)
    confirm_visit(opened.world, opened.visitor, opened.booking_id)
    return redirect_to_page(request, opened, "confirmed")


@post("/b/{token}/cancel")
@form_post()
def cancel(request: Request, token: str) -> Answer:
    opened = link_opened_to_change(token, LinkPurpose.BOOKING)
    step_booking.cancel(opened.world, opened.visitor, opened.booking_id, CANCELLED_BY_CLIENT)
    return redirect_to_page(request, opened, "cancelled")


@post("/b/{token}/move")
@form_post(body=MoveWishRequest)
def ask_to_move(request: Request, token: str) -> Answer:
    """A second tap without words keeps the words of the first."""
    wish = form_of(request).get("wish", "").strip()[: pages.WISH_LIMIT]
    opened = link_opened_to_change(token, LinkPurpose.BOOKING)
    step_booking.ask_to_move(opened.world, opened.visitor, opened.booking_id, wish)
    return redirect_to_page(request, opened, "move_asked")


# --- its bonuses


@post("/b/{token}/bonus")
@form_post(body=UsePointsRequest)
def use_points(request: Request, token: str) -> Answer:
    """A repetition changes nothing."""
    points = _whole(form_of(request).get("points", ""))
    opened = link_opened_to_change(token, LinkPurpose.BOOKING)
    hold_for_booking(opened.world, opened.visitor, opened.booking_id, points)
    return redirect_to_page(request, opened, "points_held")


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= POINTS_DIGITS):
        raise malformed("INVALID_FIELD", "Points are a whole number.", field="points")
    return int(text)


@post("/b/{token}/bonus/release")
@form_post()
def free_points(request: Request, token: str) -> Answer:
    opened = link_opened_to_change(token, LinkPurpose.BOOKING)
    release_for_booking(opened.world, opened.visitor, opened.booking_id)
    return redirect_to_page(request, opened, "points_freed")


# --- the review


def _reviewable(opened: OpenedLink) -> Booking:
    booking = opened.booking()
    if booking.status is not Status.COMPLETED:
        status = booking.status.value
        raise conflict("WRONG_STATUS", "Only a completed visit can be reviewed.", status=status)
    return booking


@get("/r/{token}")
@page()
def get_review(request: Request, token: str) -> Answer:
    opened = opened_link(token, LinkPurpose.REVIEW)
    booking = _reviewable(opened)
    language = language_for(request, opened, opened.client(), booking)
    return html(pages.review_page(review_view(opened, booking), language))


@post("/r/{token}")
@form_post(body=ReviewRequest)
def give_review(request: Request, token: str) -> Answer:
    opened, form = link_opened_to_change(token, LinkPurpose.REVIEW), form_of(request)
    words = form.get("words", "").replace("\r\n", "\n").strip()[: pages.WORDS_LIMIT]
    stars = form.get("stars", "")
    if stars not in ("1", "2", "3", "4", "5"):
        booking = _reviewable(opened)
        language = language_for(request, opened, opened.client(), booking)
        view = review_view(opened, booking, mistake="no_stars", words=words)
        return html(pages.review_page(view, language), 422)
    review(opened.world, opened.visitor, opened.booking_id, int(stars), words)
    return redirect_to_page(request, opened)
