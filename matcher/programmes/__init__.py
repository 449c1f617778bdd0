"""The programmes beside the pairing: each a translation of its tables onto one market, and one plan for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.base.public import public

if TYPE_CHECKING:
    from matcher.programmes.asking import ProgrammeWhatIf as ProgrammeWhatIf
    from matcher.programmes.asking import what_if as what_if
    from matcher.programmes.book import write_book as write_book
    from matcher.programmes.buddies import BuddiesPolicy as BuddiesPolicy
    from matcher.programmes.buddies import price_of_stable_buddies as price_of_stable_buddies
    from matcher.programmes.buddy_tables import BuddyChild as BuddyChild
    from matcher.programmes.buddy_tables import BuddyFamily as BuddyFamily
    from matcher.programmes.buddy_tables import BuddyPair as BuddyPair
    from matcher.programmes.buddy_tables import BuddyPreference as BuddyPreference
    from matcher.programmes.buddy_tables import withdrawn as withdrawn
    from matcher.programmes.call_tables import CallNeed as CallNeed
    from matcher.programmes.call_tables import CallPledge as CallPledge
    from matcher.programmes.call_tables import CallSchool as CallSchool
    from matcher.programmes.calls import CallsPolicy as CallsPolicy
    from matcher.programmes.camps import Camp as Camp
    from matcher.programmes.camps import CampsPolicy as CampsPolicy
    from matcher.programmes.camps import Group as Group
    from matcher.programmes.centres import CentresPolicy as CentresPolicy
    from matcher.programmes.centres import Place as Place
    from matcher.programmes.centres import Site as Site
    from matcher.programmes.checkup import ProgrammeCheckup as ProgrammeCheckup
    from matcher.programmes.columns import Order as Order
    from matcher.programmes.doors import check_programme as check_programme
    from matcher.programmes.doors import example_of as example_of
    from matcher.programmes.doors import load_programme as load_programme
    from matcher.programmes.doors import plan_programme as plan_programme
    from matcher.programmes.doors import policy_for as policy_for
    from matcher.programmes.doors import policy_of as policy_of
    from matcher.programmes.doors import programme_of as programme_of
    from matcher.programmes.doors import read_records as read_records
    from matcher.programmes.doors import renewed as renewed
    from matcher.programmes.doors import save_programme as save_programme
    from matcher.programmes.doors import template_of as template_of
    from matcher.programmes.doors import verify_programme as verify_programme
    from matcher.programmes.experts import Expert as Expert
    from matcher.programmes.experts import ExpertCase as ExpertCase
    from matcher.programmes.experts import ExpertsPolicy as ExpertsPolicy
    from matcher.programmes.holiday import HolidayPolicy as HolidayPolicy
    from matcher.programmes.holiday import HolidayTeam as HolidayTeam
    from matcher.programmes.holiday import HolidayVolunteer as HolidayVolunteer
    from matcher.programmes.holiday import Point as Point
    from matcher.programmes.page import write_page as write_page
    from matcher.programmes.programme import Programme as Programme
    from matcher.programmes.programme import ProgrammePolicy as ProgrammePolicy
    from matcher.programmes.result import ProgrammePlan as ProgrammePlan
    from matcher.programmes.result import ProgrammeReport as ProgrammeReport
    from matcher.programmes.rooms import Room as Room
    from matcher.programmes.rooms import RoomsPolicy as RoomsPolicy
    from matcher.programmes.rooms import Team as Team
    from matcher.programmes.rooms import Village as Village
    from matcher.programmes.schema import ReadTables as ReadTables
    from matcher.programmes.schema import Schema as Schema
    from matcher.programmes.wish_tables import FederationTeam as FederationTeam
    from matcher.programmes.wish_tables import Granted as Granted
    from matcher.programmes.wish_tables import Member as Member
    from matcher.programmes.wish_tables import Wish as Wish
    from matcher.programmes.wish_tables import WishCounty as WishCounty
    from matcher.programmes.wishes import WishesPolicy as WishesPolicy
    from matcher.programmes.wishes import team_instance as team_instance
    from matcher.programmes.wishes import with_teams as with_teams

_HOME = {
    "template_of": "doors",
    "ProgrammeWhatIf": "asking",
    "what_if": "asking",
    "renewed": "doors",
    "write_book": "book",
    "write_page": "page",
    "policy_for": "doors",
    "check_programme": "doors",
    "ProgrammeCheckup": "checkup",
    "ReadTables": "schema",
    "Order": "columns",
    "Expert": "experts",
    "ExpertCase": "experts",
    "ExpertsPolicy": "experts",
    "BuddiesPolicy": "buddies",
    "BuddyChild": "buddy_tables",
    "BuddyFamily": "buddy_tables",
    "BuddyPair": "buddy_tables",
    "BuddyPreference": "buddy_tables",
    "price_of_stable_buddies": "buddies",
    "withdrawn": "buddy_tables",
    "CallNeed": "call_tables",
    "CallPledge": "call_tables",
    "CallSchool": "call_tables",
    "CallsPolicy": "calls",
    "Camp": "camps",
    "CampsPolicy": "camps",
    "CentresPolicy": "centres",
    "FederationTeam": "wish_tables",
    "Granted": "wish_tables",
    "Group": "camps",
    "HolidayPolicy": "holiday",
    "HolidayTeam": "holiday",
    "HolidayVolunteer": "holiday",
    "Member": "wish_tables",
    "Place": "centres",
    "Point": "holiday",
    "Programme": "programme",
    "ProgrammePlan": "result",
    "ProgrammePolicy": "programme",
    "ProgrammeReport": "result",
    "Room": "rooms",
    "RoomsPolicy": "rooms",
    "Schema": "schema",
    "Site": "centres",
    "Team": "rooms",
    "Village": "rooms",
    "Wish": "wish_tables",
    "WishCounty": "wish_tables",
    "WishesPolicy": "wishes",
    "example_of": "doors",
    "load_programme": "doors",
    "plan_programme": "doors",
    "policy_of": "doors",
    "programme_of": "doors",
    "read_records": "doors",
    "save_programme": "doors",
    "team_instance": "wishes",
    "verify_programme": "doors",
    "with_teams": "wishes",
}
__all__ = sorted(_HOME)
__getattr__, __dir__ = public(__name__, _HOME)
