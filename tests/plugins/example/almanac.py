"""A plugin: the provider `almanac` knows on which river a town stands; the filter `shout`."""

from runner import Answer, ProviderError

RIVERS = {"Ulm": "Danube", "Bonn": "Rhine"}


class Almanac:
    """Answers queries about towns, for a cent each; everything else is free, and not answered."""

    prices = {"base": "0.01"}

    def __init__(self, opening):
        self.opening = opening

    async def ask(self, kind, body):
        town = next((town for town in RIVERS if town in str(body.get("input"))), None)
        if kind != "task" or town is None:
            raise ProviderError("The almanac has no such town")
        excerpt = f"{town} stands on the {RIVERS[town]}."
        citation = {"url": f"https://almanac.example/{town}", "excerpts": [excerpt]}
        basis = {"field": "river", "confidence": "high", "citations": [citation]}
        return Answer(output={"river": RIVERS[town]}, basis=[basis])


def shout(value):
    """Return a text as a heading of a poster has it."""
    return f"{value}!".upper()
