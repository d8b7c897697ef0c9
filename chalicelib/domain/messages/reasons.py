"""Reasons in plain language: why a message was not made, or what became of it. The codes are stable. A new
code needs its words here, as a test checks, and in docs/messages.md."""

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    # what the plan says
    "switched_off": "The rules switch this kind of message off.",
    "made_afterwards": "The booking was entered after it had begun.",
    "booked_late": "The booking was made after the time at which this would have been due.",
    "already_confirmed": "The client has confirmed already.",
    "closed_too_late": "The visit was closed more than a week after it took place.",
    "already_asked": "The client was asked to review the visit before it was reopened and moved.",
    "already_reviewed": "The client has reviewed the visit already.",
    "nothing_earned": "The visit earned no points.",
    "long_ago": "The client had stayed away before they were registered here.",
    "quiet_hours": "Quiet hours last for as long as the message would be of use.",
    "not_called_for": "Nothing in the present state of the booking or the client calls for it.",
    # what is decided when it is due
    "too_late": "It would come too late to be of any use.",
    "held_out": "The client is in the group that this kind of marketing leaves alone, to show its effect.",
    "no_consent": "The client has not agreed to such messages through any channel that reaches them.",
    "no_phone": "The client's phone is not known.",
    "no_address": "The client has no e-mail address, or no device that takes push messages.",
    "dead_address": "Messages to the client's address fail for good.",
    "no_channel": "No channel that the rules name is set up.",
    "no_other_channel": "Every channel that the rules name was tried.",
    "has_booking": "The client has booked already.",
    "not_offered": "The service that would be due again is archived.",
    "same_visit": "Another booking of the same visit speaks for both.",
    "same_act": "A message about another booking, made or changed at the same time, told of this one.",
    "gathered": "The client got a notice a moment ago: what changes within a minute is told together.",
    "nothing_usable": "No points that could be used are about to expire.",
    "weekly_cap": "The client got as many messages within a week as the rules allow.",
    "weekly_marketing_cap": "The client got as much marketing within a week as the rules allow.",
    "budget": "The month's budget for messages is spent.",
    "trial": "The network was in trial: this would have been sent.",
    "number_type": "The number is of a type that gets no messages: premium rate, satellite, or the like.",
    "country_not_allowed": "The rules do not allow SMS to the country of the client's number.",
    "daily_notice_cap": "The phone got as many messages of this kind within a day as the rules allow.",
    "essential_budget_percent": "The ceiling above the month's budget is reached: nothing more is sent.",
    "network_daily_cap": "The network sent as many messages that day as it may.",
    "network_daily_usd_cents": "The network's messages of that day cost as much as they may.",
    "origin_hourly_cap": "The booking's site or partner caused as many messages that hour as it may.",
    "origin_daily_cap": "The booking's site or partner caused as many messages that day as it may.",
    "deployment_daily_cap": "All networks together sent as many messages that day as the operator allows.",
    "unreadable": "Its text, or something that it names, cannot be read; it waits until that is mended.",
    "campaign_stopped": "The campaign was stopped.",
    "campaign_paused": "The campaign is paused.",
    "merged": "The client was merged into another, and the message went or goes to them as one.",
    # what became of an attempt: nobody knows
    "worker_lost": "Our worker stopped while it was sending; nobody knows whether the message went out.",
    "timed_out": "The provider did not answer in time; nobody knows whether it took the message.",
    "connection_lost": "The connection to the provider broke; nobody knows whether it took the message.",
    "answer_not_understood": "The provider's answer could not be read.",
    "provider_error": "The provider had a fault of its own; nobody knows whether it took the message.",
    # not now
    "throttled": "The provider asked us to slow down.",
    "unreachable": "The provider could not be reached.",
    "not_ready": "Our access to the provider does not work at the moment.",
    # refused by the provider
    "refused": "The provider refused the message.",
    "not_allowed": "Our account may not send through this channel.",
    "not_set_up": "The channel is not set up completely at the provider.",
    "no_sender_for_country": "We have no sender that may write to this country.",
    "country_blocked": "Messages to this country are not allowed by our account.",
    "account_suspended": "The provider has suspended our account.",
    "sending_paused": "The provider has paused our sending.",
    "quota_reached": "Our quota at the provider is used up.",
    "spend_limit_reached": "Our spending limit at the provider is reached.",
    "too_expensive": "A part would cost more than the most that we pay.",
    "no_sms_there": "This number cannot get SMS.",
    "number_not_verified": "In the provider's sandbox only verified numbers are written to.",
    "number_blocked": "This number is blocked in our account.",
    "opted_out": "The number has told the provider that it wants no messages.",
    "device_gone": "The device no longer takes our push messages.",
    "no_mail_there": "This is no address that mail can go to.",
    "rejected": "The provider refused the content of the message.",
    # told by receipts
    "invalid": "This number does not exist or cannot get SMS.",
    "invalid_message": "The carrier could not read the message.",
    "phone_unreachable": "The phone is switched off or out of reach.",
    "carrier_unreachable": "The carrier could not be reached.",
    "blocked": "The phone or its carrier blocks messages.",
    "carrier_blocked": "The carrier blocked the message.",
    "protect_blocked": "The message was blocked by our account's protection.",
    "spam": "The carrier took the message for spam.",
    "ttl_expired": "The phone could not be reached for as long as the message was of use.",
    "bounced": "The mailbox does not exist.",
    "bounced_for_now": "The mailbox could not take the message at that time.",
    "complained": "The client marked the message as spam.",
    "suppressed": "The address has complained or bounced before, so that nothing is sent there.",
    "rendering_failed": "The message could not be put together at the provider.",
    "bad_address": "The channel says that this address will always fail.",
}

RULES: Mapping[str, str] = {
    "enabled": "Whether the network, or the salon, sends messages at all.",
    "off": "The kinds of messages that are switched off.",
    "notice_again_when_moved_by_minutes": "A notice goes at once, and again after a move of so many minutes.",
    "confirm_request_hours_before": "So many hours before the start the client is asked to confirm.",
    "control_reminder_minutes_before": "So many minutes before the start the client is reminded.",
    "review_request_minutes_after": "So many minutes after completion the client is thanked and asked.",
    "no_show_invitation_days_after": "So many days after a missed booking the client is invited again.",
    "birthday_days_before": "So many days before the birthday the client is congratulated.",
    "bonus_expiry_days_before": "So many days before points expire the client is warned.",
    "rhythm": "It is due by the service's own interval, or by the client's own rhythm.",
    "useful_until": "From then on the message is of no use.",
    "holdout_percent": "The share of clients that this kind of marketing leaves alone.",
    "channels": "The channels it goes through, in turn: set up, agreed to, with an address that works.",
    "quiet_hours": "The hours, on the client's clock, in which clients are not disturbed.",
    "situation": "What else is known of the client: bookings ahead, the other bookings of the visit, points.",
    "one_act": "The seconds within which what is done to a client's bookings is told together.",
    "caps": "How many messages a client gets within a week, and how many of them marketing.",
    "daily_notice_cap": "How many notices a phone gets within 24 hours, and requests and reminders a day.",
    "live": "Whether the network is live. In trial nothing is sent.",
    "monthly_budget_usd_cents": "What messages may cost in a month; essential ones have a higher ceiling.",
    "bounds": "How many messages the network, and the booking's site or partner, may cause a day.",
}
"""The words of each rule that is checked."""

_WHATSAPP = "whatsapp_"


def reason_words(code: str | None) -> str | None:
    """The reason in words; of a code of WhatsApp's own its number, which its documentation explains."""
    if code is None:
        return None
    if code.startswith(_WHATSAPP):
        return f"WhatsApp did not deliver the message (its error {code.removeprefix(_WHATSAPP)})."
    return REASONS.get(code, f"{code.replace('_', ' ').capitalize()}.")
