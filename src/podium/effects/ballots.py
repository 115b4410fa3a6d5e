"""What somebody said to a question, from its record to the form that the rules of approvals decide by."""

from __future__ import annotations

from podium.gate.approval import Ballot
from podium.gate.roles import Voter
from podium.ledger.record import ApprovalGiven


def ballot_of(body: ApprovalGiven, at: int) -> Ballot:
    """Return what somebody said; `at` is the time of the record."""
    voter = Voter(body.by, body.roles, body.groups, assumed=body.assumed)
    return Ballot(verdict=body.verdict, voter=voter, at=at, subject=body.subject, to=body.to)
